"""The frames of the evaluation videos: decoded once, for all evaluations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from internvid_assets.cells.engine import Engine
from internvid_assets.cells.errors import CallError
from internvid_assets.clips.whole_files import frames_of_files
from internvid_assets.evaluation.listing import Pair
from internvid_assets.media.frames import FrameStore
from internvid_assets.settings import Settings

VIDEOS_AT_ONCE = 64


def videos_of(
    tasks: Mapping[str, Sequence[Pair]], settings: Settings, engine: Engine, store: FrameStore
) -> pl.DataFrame:
    """Rows of `evaluation_videos`; frames are written to the store, once per file."""
    wanted = [pair.path for pairs in tasks.values() for pair in pairs if pair.rejection_reason is None]
    frames = _frames(list(dict.fromkeys(wanted)), settings, engine, store)
    return pl.DataFrame(
        [_row(task, pair, frames.get(pair.path)) for task, pairs in tasks.items() for pair in pairs],
        schema_overrides=dict.fromkeys(("text", "split", "rejection_reason", "message"), pl.String)
        | {"frame_hashes": pl.List(pl.String)},
        infer_schema_length=None,
    )


def _frames(
    paths: Sequence[Path], settings: Settings, engine: Engine, store: FrameStore
) -> dict[Path, list[str] | CallError]:
    """By file, the hashes of its uniform frames, or the error."""
    found: dict[Path, list[str] | CallError] = {}
    for start in range(0, len(paths), VIDEOS_AT_ONCE):
        some = paths[start : start + VIDEOS_AT_ONCE]
        answers = dict(zip(some, frames_of_files(some, "uniform_8", settings, engine), strict=True))
        rows = {path: answer for path, answer in answers.items() if not isinstance(answer, CallError)}
        store.put({row["frame_hash"]: row["jpeg"] for own in rows.values() for row in own})
        found |= {path: answer for path, answer in answers.items() if isinstance(answer, CallError)}
        found |= {path: [row["frame_hash"] for row in own] for path, own in rows.items()}
    return found


def _row(task: str, pair: Pair, frames: list[str] | CallError | None) -> dict[str, object]:
    row = {"task": task, "line": pair.line, "path": str(pair.path), "text": pair.text, "split": pair.split}
    if isinstance(frames, CallError):
        return {**row, "frame_hashes": None, "rejection_reason": frames.code, "message": str(frames)}
    return {**row, "frame_hashes": frames, "rejection_reason": pair.rejection_reason, "message": pair.message}
