"""The keyframes of any video file, as those of a clip: for trying a model, a mode or a prompt on one video."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from internvid_assets.captions.sliding import chosen_keyframes
from internvid_assets.cells.engine import Engine
from internvid_assets.cells.errors import CallError, UserError
from internvid_assets.clips.frames import sample_frames
from internvid_assets.media.whole import whole_span
from internvid_assets.models.protocols import FrameEmbedder
from internvid_assets.models.share_captioner import Keyframe
from internvid_assets.settings import Settings

TIMEOUT_SECONDS = 600


def keyframes_of_file(path: Path, embedder: FrameEmbedder, settings: Settings, engine: Engine) -> list[Keyframe]:
    """The keyframes of a video, which is read in a worker process. Raises UserError for a file that is none."""
    pictures = {name: getattr(settings.clip_frames, name) for name in ("short_side_pixels", "jpeg_quality")}
    call = {"source_uri": str(path), **pictures, "max_pixels": settings.videos.max_pixels}
    (rows,) = engine.each(frames_of_file, [call], timeout_seconds=TIMEOUT_SECONDS)
    if isinstance(rows, CallError):
        raise UserError(f"{path} cannot be read as a video ({rows}); give another file")
    jpegs = {row["frame_hash"]: row["jpeg"] for row in rows}
    (chosen,) = chosen_keyframes([[row["frame_hash"] for row in rows]], jpegs, embedder, settings.keyframes)
    if isinstance(chosen, CallError):
        raise UserError(f"{path}: no keyframes were chosen ({chosen})")
    found = [rows[keyframe["frame"]] for keyframe in chosen]
    return [Keyframe(round(row["timestamp_seconds"], 3), row["jpeg"]) for row in found]


def frames_of_file(source_uri: str, **pictures: Any) -> list[dict[str, Any]]:
    """The 1 fps frames of a video, in time order."""
    (rows,) = sample_frames(source_uri, [whole_span(source_uri)], **pictures)
    if isinstance(rows, CallError):
        raise rows
    return [row for row in rows if row["second"] is not None]
