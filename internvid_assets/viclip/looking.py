"""The pictures of any video file, as ViCLIP looks at a clip."""

from __future__ import annotations

from pathlib import Path

from internvid_assets.cells.engine import Engine
from internvid_assets.clips.whole_files import frames_of_file
from internvid_assets.media.frames import pixels
from internvid_assets.models.protocols import Image
from internvid_assets.settings import Settings


def pictures_of_file(path: Path, settings: Settings, engine: Engine) -> list[Image]:
    """Its 8 uniform frames, read in a worker process; fewer where it has no more. Raises UserError for no video."""
    return [pixels(row["jpeg"]) for row in frames_of_file(path, "uniform_8", settings, engine)]
