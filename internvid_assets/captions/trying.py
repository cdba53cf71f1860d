"""Keyframes of any video file, as if it were a clip: to try a model, a mode or a prompt on one video."""

from __future__ import annotations

from pathlib import Path

from internvid_assets.captions.sliding import chosen_keyframes
from internvid_assets.cells.engine import Engine
from internvid_assets.cells.errors import CallError, UserError
from internvid_assets.clips.whole_files import frames_of_file
from internvid_assets.models.protocols import FrameEmbedder
from internvid_assets.models.share_captioner import Keyframe
from internvid_assets.settings import Settings


def keyframes_of_file(path: Path, embedder: FrameEmbedder, settings: Settings, engine: Engine) -> list[Keyframe]:
    """The keyframes of a video file, read in a worker process. Raises UserError if it is not a video."""
    rows = frames_of_file(path, "second", settings, engine)
    jpegs = {row["frame_hash"]: row["jpeg"] for row in rows}
    (chosen,) = chosen_keyframes([[row["frame_hash"] for row in rows]], jpegs, embedder, settings.keyframes)
    if isinstance(chosen, CallError):
        raise UserError(f"{path}: no keyframes found ({chosen})")
    found = [rows[keyframe["frame"]] for keyframe in chosen]
    return [Keyframe(round(row["timestamp_seconds"], 3), row["jpeg"]) for row in found]
