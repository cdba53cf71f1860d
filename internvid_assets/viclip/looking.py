"""The pictures of any video file, as ViCLIP looks at a clip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from internvid_assets.cells.engine import Engine
from internvid_assets.cells.errors import CallError, UserError
from internvid_assets.clips.frames import sample_frames
from internvid_assets.media.frames import pixels
from internvid_assets.media.whole import whole_span
from internvid_assets.models.protocols import Image
from internvid_assets.settings import Settings

TIMEOUT_SECONDS = 600


def pictures_of_file(path: Path, settings: Settings, engine: Engine) -> list[Image]:
    """Its 8 uniform frames, read in a worker process; fewer where it has no more. Raises UserError for no video."""
    kept = {name: getattr(settings.clip_frames, name) for name in ("short_side_pixels", "jpeg_quality")}
    call = {"source_uri": str(path), **kept, "max_pixels": settings.videos.max_pixels}
    (jpegs,) = engine.each(uniform_jpegs, [call], timeout_seconds=TIMEOUT_SECONDS)
    if isinstance(jpegs, CallError):
        raise UserError(f"{path} cannot be read as a video ({jpegs}); give another file")
    return [pixels(jpeg) for jpeg in jpegs]


def uniform_jpegs(source_uri: str, **kept: Any) -> list[bytes]:
    """The 8 uniform frames of a video, in the order of time."""
    (rows,) = sample_frames(source_uri, [whole_span(source_uri)], **kept)
    if isinstance(rows, CallError):
        raise rows
    return [row["jpeg"] for row in rows if row["uniform_8"] is not None]
