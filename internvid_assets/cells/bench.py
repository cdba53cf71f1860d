"""What a feature's work has at hand: its parameters, the profile's models, the frame store and worker processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from internvid_assets.cells.engine import Engine
    from internvid_assets.media.frames import FrameStore
    from internvid_assets.models.loaded import Models
    from internvid_assets.settings import Settings


@dataclass(frozen=True)
class Bench:
    """The resources of `Feature.work`, for one category."""

    settings: Settings
    parameters: Any
    models: Models
    frames: FrameStore
    engine: Engine
