"""What the three readers of a file say of it, and whether that holds together."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from internvid_assets.cells.errors import CallError
from internvid_assets.clips.frames import sample_frames
from internvid_assets.clips.splitters import split
from internvid_assets.media.probe import probe

PAGE = Path(__file__).parents[2] / "docs" / "your-own-videos.md"
BUGS = {"unexpected_error", "worker_crashed"}
CODES = {"no_frame_in_span", *re.findall(r"^\| `(\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)} - BUGS
"""The reasons that users are told of, but for those that say that something is wrong here."""

Answer = Any
"""What a reader returned, or its CallError."""


def examine(path: str) -> tuple[Answer, Answer, Answer]:
    """The answers of probing, splitting, and sampling what splitting has found."""
    measured, clips = _answer(probe, path), _answer(split, path)
    spans = [] if isinstance(clips, CallError) else [(clip["start_pts"], clip["end_pts"]) for clip in clips]
    return measured, clips, _answer(sample_frames, path, spans)


def _answer(reader, *arguments) -> Answer:
    try:
        return reader(*arguments)
    except CallError as error:
        return error


def told(measured: Answer, clips: Answer) -> str:
    """The code of the failure, or in one line what the file holds."""
    if isinstance(measured, CallError):
        return measured.code
    size = f"{measured['width_pixels']}x{measured['height_pixels']}"
    found = f"{measured['frame_count']} frames of {size} in {measured['duration_seconds']:g} s"
    if isinstance(clips, CallError):
        return f"{found}, then {clips.code}"
    cuts = " and ".join(f"{clip['start_seconds']:g}" for clip in clips[1:])
    return f"{found}, {'cut at ' + cuts if cuts else 'no cut'}"


def contradictions(measured: Answer, clips: Answer, frames: Answer) -> Iterator[str]:
    """What no reader of a file may answer, however broken it is."""
    for answer in (measured, clips, frames):
        if isinstance(answer, CallError) and answer.code not in CODES:
            yield str(answer)
    if isinstance(measured, Mapping):
        yield from _of_measures(measured)
    if isinstance(clips, Sequence):
        yield from _of_clips(clips)
    if isinstance(clips, Sequence) and isinstance(frames, Sequence):
        for clip, rows in zip(clips, frames, strict=True):
            yield from _of_frames(clip, rows)


def _of_measures(measured: Mapping[str, Any]) -> Iterator[str]:
    for name in ("duration_seconds", "frame_rate_fps", "frame_count", "width_pixels", "height_pixels"):
        if not (0 < measured[name] < 2**31):
            yield f"{name} is {measured[name]}"
    if len(measured["content_hash"]) != 32:
        yield f"content_hash is {measured['content_hash']!r}"


def _of_clips(clips: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not clips:
        yield "no clip and no reason"
    for clip in clips:
        numbers = [clip[name] for name in ("start_seconds", "end_seconds", "motion_mean", "motion_max", "flow_mean")]
        if not all(math.isfinite(number) and number >= 0 for number in numbers):
            yield f"numbers of a clip: {numbers}"
        if not -(2**63) <= clip["start_pts"] < clip["end_pts"] < 2**63 or clip["start_seconds"] >= clip["end_seconds"]:
            yield f"a clip from {clip['start_pts']} to {clip['end_pts']}"
        if clip["frame_count"] < 1:
            yield "a clip without a frame"
    for earlier, later in pairwise(clips):
        if earlier["end_pts"] != later["start_pts"]:
            yield f"a clip ends at {earlier['end_pts']}, the next starts at {later['start_pts']}"


def _of_frames(clip: Mapping[str, Any], rows: Answer) -> Iterator[str]:
    if isinstance(rows, CallError):
        yield from [] if rows.code in CODES else [str(rows)]
        return
    times = [row["pts"] for row in rows]
    if times != sorted(set(times)) or not all(clip["start_pts"] <= time < clip["end_pts"] for time in times):
        yield f"frames at {times} of a clip from {clip['start_pts']} to {clip['end_pts']}"
    if sum(row["is_center"] for row in rows) != 1:
        yield "not one centre frame"
    if not all(math.isfinite(row["timestamp_seconds"]) and row["timestamp_seconds"] >= 0 for row in rows):
        yield f"seconds: {[row['timestamp_seconds'] for row in rows]}"


def size_of(jpeg: bytes) -> tuple[int, int]:
    """Width and height of a picture in pixels."""
    height, width = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape[:2]
    return width, height
