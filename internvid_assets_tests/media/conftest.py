"""The real and the broken videos beside the project, where they are there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
SHARED_VIDEOS = Path(__file__).resolve().parents[3] / "shared" / "videos"


@pytest.fixture(scope="session")
def shared_videos() -> Path:
    """The folder of public and broken videos; a CI without it fails, a laptop skips."""
    if not SHARED_VIDEOS.is_dir():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no real videos at {SHARED_VIDEOS}")
    return SHARED_VIDEOS
