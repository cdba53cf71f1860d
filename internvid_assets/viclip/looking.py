"""The frames of any video file, sampled as for a clip."""

from __future__ import annotations

from pathlib import Path

from internvid_assets.cells.engine import Engine
from internvid_assets.clips.whole_files import frames_of_file
from internvid_assets.media.frames import pixels
from internvid_assets.models.protocols import Image
from internvid_assets.settings import Settings


def pictures_of_file(path: Path, settings: Settings, engine: Engine) -> list[Image]:
    """Its 8 uniform frames, or fewer if it is shorter, read in a worker process. Raises UserError for other files."""
    return [pixels(row["jpeg"]) for row in frames_of_file(path, "uniform_8", settings, engine)]
