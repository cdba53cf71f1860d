"""kill -9 in the captions, then the same command: it goes on at once, and makes no committed call again."""

from __future__ import annotations

import os
import shutil
import signal
import time
from unittest.mock import patch

import pytest
from console import calls, cells, environment

FROM_CAPTIONS = ["center_captions", "frame_captions", "fused_captions"]
COMMAND = ["materialize", "+key:fused_captions", "--category", "sports"]


@pytest.fixture
def uncaptioned(home):
    """The home as it was before its first caption."""
    for table in FROM_CAPTIONS:
        shutil.rmtree(home / "cells" / table)
        shutil.rmtree(home / "lake" / table)
    return home


def runs(home):
    import dagster as dg

    from internvid_assets.cli.environment import open_home

    with patch.dict(os.environ, environment(home, {})):
        open_home()
        with dg.DagsterInstance.get() as instance:
            return [run.status.value for run in instance.get_runs(limit=3)]


def test_a_killed_run_is_simply_run_again(uncaptioned, process):
    home = uncaptioned
    started = process.start(*COMMAND, home=home, INTERNVID_COMMIT_SECONDS="0.001")
    deadline = time.monotonic() + 120
    while not list((home / "cells").glob("frame_captions/*/*/part-*.parquet")):
        assert started.poll() is None, started.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    started.send_signal(signal.SIGKILL)
    assert started.wait(30) == -signal.SIGKILL
    started.stdout.close()
    started.stderr.close()
    committed = {table: cells(home, table) for table in FROM_CAPTIONS[:2]}
    assert all(found.height > 0 for found in committed.values())
    assert not (home / "lake/fused_captions").exists()
    assert runs(home)[0] == "STARTED", "the dead run still looks alive"

    done = process.run(*COMMAND, home=home)
    assert done.exit_code == 0, done.stderr or "it waited for the dead run: whatever that held must be set free"
    assert runs(home) == ["SUCCESS", "SUCCESS", "FAILURE"], "what has no category, then the category"
    for table, found in committed.items():
        assert found.join(cells(home, table), on=found.columns, how="anti").is_empty(), "a committed call is kept"
    assert all(
        cells(home, t).is_unique().all() and cells(home, t)["input_hash"].is_unique().all() for t in FROM_CAPTIONS
    )
    assert calls(home, "fused_captions")["fused_captions"] > 0
