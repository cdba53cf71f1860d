"""A small world of six videos in two categories, made into a dataset once; tests that change it take a copy."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from console import Process, Run, run_here

WORLD = {"sports": (11, 17, 31, 8), "music": (47, 16)}
"""Videos of sample world 0 by category, chosen for few frames: 8 is too short, 47 holds a still, 16 is VP9."""

SERVER = Path(__file__).parents[1] / "models" / "loopback_endpoint.py"


@pytest.fixture(scope="session")
def process() -> Process:
    return Process()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`sports/` and `music/`, with their videos and sidecars."""
    from internvid_assets.sample_world.plans import plan_video
    from internvid_assets.sample_world.world import render

    folder, rendered = tmp_path_factory.mktemp("world"), tmp_path_factory.mktemp("rendered")
    for category, indices in WORLD.items():
        (folder / category).mkdir()
        for index in indices:
            plan = plan_video(0, index)
            render(plan, rendered)
            for file in (rendered / plan.category).glob(f"{plan.video_id}.*"):
                file.rename(folder / category / file.name)
    return folder


@pytest.fixture(scope="session")
def finished(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which everything is materialised. Tests may read it; who changes it takes `home`."""
    home = tmp_path_factory.mktemp("finished")
    for category in WORLD:
        assert run_here("ingest", world / category, "-c", category, home=home).exit_code == 0
    done = run_here("materialize", "* or key:release", home=home)
    assert done.exit_code == 0, done.stderr
    return home


@pytest.fixture
def internvid(finished: Path) -> Run:
    """Runs a command on the finished home."""
    return lambda *arguments, **variables: run_here(*arguments, **{"home": finished, **variables})


@pytest.fixture
def home(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished home, to change."""
    return Path(shutil.copytree(finished, tmp_path / "home"))


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A home that nothing was ever done in."""
    return tmp_path / "empty"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server of captions, which writes each answer into `asked.txt`."""
    arguments = [sys.executable, str(SERVER), "0", str(tmp_path / "asked.txt"), "0"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.kill()
