"""The frames of the videos that models are evaluated on: looked at once, whatever is evaluated on them later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from internvid_assets.cells.engine import Engine
from internvid_assets.cells.errors import CallError
from internvid_assets.evaluation.listing import Pair
from internvid_assets.media.frames import FrameStore, hash_of
from internvid_assets.settings import Settings
from internvid_assets.viclip.looking import TIMEOUT_SECONDS, uniform_jpegs

VIDEOS_AT_ONCE = 64


def videos_of(
    tasks: Mapping[str, Sequence[Pair]], settings: Settings, engine: Engine, store: FrameStore
) -> pl.DataFrame:
    """Rows of `evaluation_videos`; frames go into the store, those of a file that two pairs name once."""
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
    """By file, the hashes of its uniform frames, or why there are none."""
    kept = {name: getattr(settings.clip_frames, name) for name in ("short_side_pixels", "jpeg_quality")}
    found: dict[Path, list[str] | CallError] = {}
    for start in range(0, len(paths), VIDEOS_AT_ONCE):
        some = paths[start : start + VIDEOS_AT_ONCE]
        calls = [{"source_uri": str(path), **kept, "max_pixels": settings.videos.max_pixels} for path in some]
        answers = engine.each(uniform_jpegs, calls, timeout_seconds=TIMEOUT_SECONDS)
        jpegs = {path: answer for path, answer in zip(some, answers, strict=True) if not isinstance(answer, CallError)}
        store.put({hash_of(jpeg): jpeg for own in jpegs.values() for jpeg in own})
        found |= {path: answer for path, answer in zip(some, answers, strict=True) if isinstance(answer, CallError)}
        found |= {path: [hash_of(jpeg) for jpeg in own] for path, own in jpegs.items()}
    return found


def _row(task: str, pair: Pair, frames: list[str] | CallError | None) -> dict[str, object]:
    told = {"task": task, "line": pair.line, "path": str(pair.path), "text": pair.text, "split": pair.split}
    if isinstance(frames, CallError):
        return {**told, "frame_hashes": None, "rejection_reason": frames.code, "message": str(frames)}
    return {**told, "frame_hashes": frames, "rejection_reason": pair.rejection_reason, "message": pair.message}
