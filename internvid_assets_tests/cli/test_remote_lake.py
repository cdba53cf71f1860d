"""A home whose lake lies in a bucket, by one setting: every command works as with one on the disk."""

from __future__ import annotations

import json

import duckdb
import pytest
from console import run_here

KEPT = "select count(*) as n from videos where rejection_reason is null"


@pytest.fixture
def remote(s3_bucket, tmp_path):
    """Runs a command on a home whose lake lies in a bucket."""

    def run(*arguments):
        done = run_here(*arguments, home=tmp_path / "home", INTERNVID_LAKE_URL=f"{s3_bucket}/lake")
        assert done.exit_code == 0, done.stderr
        return done.stdout

    return run


def told(remote, *arguments):
    return {row["asset"]: row for row in json.loads(remote(*arguments, "--format", "json"))}


@pytest.mark.slow
def test_a_lake_in_a_bucket_is_filled_planned_asked_and_shown(remote, world, tmp_path):
    home = tmp_path / "home"
    remote("ingest", world / "music", "-c", "music")
    assert remote("materialize", "+key:clips", "-c", "music").endswith("up to date; music\n")
    assert not (home / "lake").exists() and not (home / "cells").exists()
    planned = told(remote, "plan", "+key:clips")["clips"]
    assert (planned["rows_to_compute"], planned["rows_reused"]) == (0, 2)
    assert told(remote, "status")["videos"]["rows"] == 2
    assert json.loads(remote("sql", KEPT, "-f", "json")) == [{"n": 2}]

    remote("materialize", "key:warehouse")
    assert in_warehouse(home, KEPT) == 2
    remote("ingest", world / "sports", "-c", "music")
    remote("materialize", "+key:videos", "-c", "music")
    remote("sql", KEPT)
    assert in_warehouse(home, KEPT) == 5, "its views name the home's copies, of which there is one per table"


def in_warehouse(home, query):
    with duckdb.connect(home / "warehouse.duckdb", read_only=True) as client:
        return client.execute(query).fetchall()[0][0]
