"""A badly behaved server, and homes that are quick to give it up."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "media"))  # for tiny_videos

from loopback_server import Loopback, loopback

from internvid_assets.home import Home
from internvid_assets.settings import load_settings

QUICK = {
    "requests_per_second": 10_000,
    "backoff_seconds": 0.01,
    "stall_timeout_seconds": 0.5,
    "connect_timeout_seconds": 2,
    "max_wait_seconds": 1,
}


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback() as server:
        yield server


@pytest.fixture
def open_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Home]:
    """The same home with other settings of `acquired_videos`."""
    (tmp_path / "internvid.toml").touch()
    monkeypatch.setenv("INTERNVID_SETTINGS", str(tmp_path / "internvid.toml"))

    def open_it(**parameters: object) -> Home:
        chosen = [f"acquired_videos.{name}={value}" for name, value in {**QUICK, **parameters}.items()]
        return Home(load_settings([f"home={tmp_path / 'home'}", *chosen]))

    return open_it


@pytest.fixture
def home(open_home: Callable[..., Home]) -> Home:
    return open_home()
