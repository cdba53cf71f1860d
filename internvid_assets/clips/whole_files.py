"""Frames of any video file, sampled as if it were a clip: for files that were not split into clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

from internvid_assets.cells.engine import Engine
from internvid_assets.cells.errors import CallError, UserError
from internvid_assets.clips.frames import frame_options, sample_frames
from internvid_assets.media.opening import MAX_PIXELS
from internvid_assets.media.whole import whole_span
from internvid_assets.settings import Settings

Role: TypeAlias = Literal["second", "uniform_8"]
"""Which of the frames of `clip_frames`: one per second, or 8 at equal intervals (fewer for a short video)."""

TIMEOUT_SECONDS = 600


def frames_of_files(
    paths: Sequence[Path], role: Role, settings: Settings, engine: Engine
) -> list[list[dict[str, Any]] | CallError]:
    """The frames of each video in time order, read in worker processes: rows of `clip_frames`, plus `jpeg` bytes."""
    calls = [{"source_uri": str(path), "role": role, **frame_options(settings)} for path in paths]
    return engine.each(frames_of_whole, calls, timeout_seconds=TIMEOUT_SECONDS)


def frames_of_file(path: Path, role: Role, settings: Settings, engine: Engine) -> list[dict[str, Any]]:
    """As `frames_of_files`, for one file. Raises UserError if it is not a video."""
    (rows,) = frames_of_files([path], role, settings, engine)
    if isinstance(rows, CallError):
        raise UserError(f"{path} cannot be read as a video ({rows}); give another file")
    return rows


def frames_of_whole(
    source_uri: str, *, role: Role, max_pixels: int = MAX_PIXELS, **options: Any
) -> list[dict[str, Any]]:
    """The same in this process. `options` are those of `sample_frames`. Raises CallError, as that does."""
    span = whole_span(source_uri, max_pixels=max_pixels)
    (rows,) = sample_frames(source_uri, [span], max_pixels=max_pixels, **options)
    if isinstance(rows, CallError):
        raise rows
    return [row for row in rows if row[role] is not None]
