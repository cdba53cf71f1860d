"""internvid materialize: what is selected, what is recorded, what a limit leaves."""

from __future__ import annotations

import json
import os
from unittest.mock import patch

from console import calls, environment, run_here

from internvid_assets.cells.lake import file_name


def recorded(home, asset) -> int:
    """How many materialisations of an asset the instance that the UI shows knows of."""
    import dagster as dg

    from internvid_assets.cli.environment import open_home

    with patch.dict(os.environ, environment(home, {})):
        open_home()
        with dg.DagsterInstance.get() as instance:
            found = instance.fetch_materializations(dg.AssetKey(asset), limit=100)
    return len(found.records)


def test_everything_is_recorded_where_the_ui_shows_it(finished):
    assert recorded(finished, "umt_scores") == 2
    assert recorded(finished, "warehouse") == 1


def test_a_selection_and_two_categories(world, empty):
    for category in ("sports", "music"):
        run_here("ingest", world / category, "-c", category, home=empty)
    done = run_here("materialize", "+key:videos", "-c", "sports", "-c", "music", home=empty)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "+key:videos: up to date; sports, music\n"
    assert calls(empty, "videos", "clips") == {"videos": 6, "clips": 0}
    assert not (empty / "warehouse.duckdb").exists()
    states = json.loads(run_here("status", "--format", "json", home=empty).stdout)
    told = [(row["asset"], row["categories"], row["rows"]) for row in states if row["rows"]]
    assert told == [("acquired_videos", 2, 6), ("videos", 2, 6)]


def test_a_limit_commits_calls_and_writes_nothing_that_readers_see(home):
    for path in (home / "cells/frame_captions").rglob("*.parquet"):
        path.unlink()
    table = home / file_name("frame_captions", "sports")
    before, records = table.stat().st_mtime_ns, recorded(home, "frame_captions")
    done = run_here("materialize", "key:frame_captions", "-c", "sports", "--limit", "3", home=home)
    assert (done.exit_code, done.stdout) == (
        0,
        "key:frame_captions: at most 3 calls each; an asset with calls left keeps its old table; sports\n",
    )
    assert calls(home, "frame_captions") == {"frame_captions": 3}
    assert table.stat().st_mtime_ns == before and recorded(home, "frame_captions") == records


def test_nothing_ingested_is_no_failure(empty):
    done = run_here("materialize", "+key:clips", home=empty)
    assert done.exit_code == 0 and "ingest something first" in done.stdout
