"""A small world for the tests of the graph, and one home in which everything was made once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from small_homes import (
    CATEGORIES,
    OVER_ALL,
    PER_CATEGORY,
    PER_FORMAT,
    SEED,
    WEBM,
    Materialised,
    open_home,
    recorded,
    run,
)

from internvid_assets.home import Home
from internvid_assets.tables import INTERLEAVED_FORMATS


@pytest.fixture(scope="session")
def chromium() -> str:
    """An installed Chromium; where continuous integration has none, that is a failure. Looked for before all else."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        say("no Chromium on the PATH: apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(os.environ.get("INTERNVID_ARTEFACTS") or tmp_path_factory.mktemp("artefacts"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per category, each with a rendered video and its sidecars; `music` also holds what is no video."""
    from internvid_assets.sample_world.world import generate

    world = tmp_path_factory.mktemp("world")
    generate(videos=len(CATEGORIES), seed=SEED, to=world, workers=1)
    (world / WEBM / "lyrics.mp4").write_bytes(b"la la la")
    assert {path.name for path in world.iterdir() if path.is_dir()} == set(CATEGORIES)
    return world


@pytest.fixture(scope="session")
def new_home(small_world: Path) -> Callable[[Path], Home]:
    """Makes an empty home at a path, with the small world registered as its sources, under the shipped settings."""
    from internvid_assets.videos.sources import add_source

    def make(path: Path) -> Home:
        home = open_home(path)
        for category in CATEGORIES:
            add_source(path, small_world / category, category)
        return home

    return make


@pytest.fixture(scope="session")
def materialised(new_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Materialised]:
    home = new_home(tmp_path_factory.mktemp("materialised") / "home")
    with recorded(home) as instance:
        above = run(
            home, instance, "group:queries or key:takedowns or key:published_statistics or key:published_results"
        )
        runs: dict[str | None, dg.ExecuteInProcessResult] = {
            category: run(home, instance, PER_CATEGORY, category) for category in CATEGORIES
        }
        between = run(home, instance, "key:withheld_videos or key:related_videos")
        assert above.success and between.success
        runs |= {name: run(home, instance, PER_FORMAT, name) for name in INTERLEAVED_FORMATS}
        runs[None] = run(home, instance, OVER_ALL)
        yield Materialised(home, instance, runs)
