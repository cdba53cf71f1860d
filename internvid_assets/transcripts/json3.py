"""YouTube's own caption format, `json3` in yt-dlp: events in milliseconds; automatic captions have a time per word.

    {"events": [{"tStartMs": 160, "dDurationMs": 4629, "segs": [{"utf8": "hello"}, {"utf8": " you", "tOffsetMs": 320}]},
                {"tStartMs": 2389, "aAppend": 1, "segs": [{"utf8": "\\n"}]}]}

A line of automatic captions stays on screen during the next one, so an event's words end where the next event starts.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from internvid_assets.transcripts.words import Cue, cue_of


def read_json3(text: str) -> tuple[list[Cue], bool]:
    """The cues, and whether speech recognition made them. Raises ValueError or KeyError if the text is not json3."""
    file = json.loads(text)
    if not isinstance(file, dict) or not isinstance(file.get("events"), list):
        raise ValueError("no events")
    events = [event for event in file["events"] if _says_something(event)]
    is_automatic = any("tOffsetMs" in part or "acAsrConf" in part for event in events for part in event["segs"])
    starts = [event["tStartMs"] for event in events]
    ends = [event["tStartMs"] + event.get("dDurationMs", 0) for event in events]
    if is_automatic:
        ends = [min(end, after) for end, (_, after) in zip(ends, pairwise([*starts, float("inf")]), strict=True)]
    cues = [_cue(event, end) for event, end in zip(events, ends, strict=True)]
    return cues, is_automatic


def _says_something(event: dict[str, Any]) -> bool:
    return any(part.get("utf8", "").strip() for part in event.get("segs") or ())


def _cue(event: dict[str, Any], end_milliseconds: float) -> Cue:
    start = event["tStartMs"]
    parts = [
        ((start + part["tOffsetMs"]) / 1000 if "tOffsetMs" in part else None, part.get("utf8", ""))
        for part in event["segs"]
    ]
    return cue_of(parts, start / 1000, end_milliseconds / 1000)
