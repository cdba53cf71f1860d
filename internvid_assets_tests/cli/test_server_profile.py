"""Profile `server` captions the world end to end, by `internvid materialize`."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from console import cells, run_here

COMMAND = ["materialize", "+key:fused_captions", "--category", "sports"]
CAPTIONS = ["center_captions", "frame_captions", "fused_captions"]


@pytest.fixture
def uncaptioned(home: Path) -> Path:
    for table in CAPTIONS:
        shutil.rmtree(home / "cells" / table)
        shutil.rmtree(home / "lake" / table)
    return home


def asked(tmp_path: Path) -> int:
    """How many answers the server gave."""
    file = tmp_path / "asked.txt"
    return len(file.read_text().splitlines()) if file.exists() else 0


def called(home: Path) -> int:
    """How many captions are remembered."""
    return sum(cells(home, name).height for name in CAPTIONS)


def table(home: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(home / f"lake/{name}/category=sports/table.parquet")


def test_the_world_is_captioned_by_a_server_and_pays_for_each_picture_once(uncaptioned, server, tmp_path):
    variables = {
        "INTERNVID_PROFILE": "server",
        "INTERNVID_SERVER__BASE_URL": server,
        "INTERNVID_SERVER__NAME": "tiny-vl",
        "INTERNVID_SERVER__REVISION": "spring",
        "INTERNVID_SERVER__DOLLARS_PER_MILLION_PROMPT_TOKENS": "1.0",
    }
    done = run_here(*COMMAND, home=uncaptioned, **variables)
    assert done.exit_code == 0, done.stderr
    for name in CAPTIONS:
        rows = table(uncaptioned, name)
        assert rows.height and rows["error"].null_count() == rows.height
        assert rows["caption"].str.starts_with("a scene like").all()
        assert (rows["log_probability"] == -0.5).all() and (rows["cost_dollars"] == 10 / 1e6).all()
    assert asked(tmp_path) == called(uncaptioned)
    again = run_here(*COMMAND, home=uncaptioned, **variables)
    assert again.exit_code == 0 and asked(tmp_path) == called(uncaptioned), "a second run asks nothing"
