"""`internvid dev` and `internvid materialize` as processes: work over HTTP, an orderly end, and a sudden one."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from dev_process import Dev, environment, internvid, listening_on, processes_of, started_dev
from small_homes import CATEGORIES, REJECTED, recorded
from webserver import LAUNCH_RUN, Ui, run_parameters, wait_until

from internvid_assets.home import Home

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks processes and ports up in /proc"),
    pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning"),
]

ONE = "pets_and_animals"
THREE = sorted({*CATEGORIES} - {ONE})
ASSETS = ["candidate_videos", "acquired_videos", "videos", "clips", "clip_frames"]
LOCALHOST = "0100007F"
UNFINISHED = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.QUEUED]


@pytest.fixture(scope="module")
def home(new_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Home:
    return new_home(tmp_path_factory.mktemp("processes") / "home")


@pytest.fixture(scope="module")
def dev(home: Home) -> Iterator[Dev]:
    with started_dev(home.path) as dev:
        yield dev


def test_only_this_machine_can_reach_it(dev: Dev) -> None:
    assert listening_on(dev.port) == {LOCALHOST}


def test_a_run_and_two_backfills_at_once(dev: Dev, home: Home) -> None:
    """One category by hand, three as a backfill, and `internvid backfill` beside them; models run in test_server.py."""
    ui = Ui(dev.ask)
    backfill_id = ui.launch_backfill(ASSETS[:-1], THREE)
    told = subprocess.Popen(
        internvid("backfill", "key:candidate_videos or key:coverage", "--category", "gaming", "--category", "music"),
        env=environment(home.path),
        stdout=subprocess.PIPE,
        text=True,
    )
    run_id = ui.launch_run(ASSETS, ONE)
    wait_until(lambda: ui.run_status(run_id) in ("SUCCESS", "FAILURE"), "the run has ended", 240)
    assert ui.run_status(run_id) == "SUCCESS"
    assert ui.materialised("clip_frames") == {ONE} and home.lake.version("clip_frames", ONE)
    assert ui.checks("clip_frames")["within_clip"] == {"succeeded": {ONE}}

    wait_until(lambda: ui.backfill(backfill_id)["status"].startswith("COMPLETED"), "the backfill has ended", 240)
    assert ui.backfill(backfill_id) == {"status": "COMPLETED_SUCCESS", "runs": dict.fromkeys(THREE, "SUCCESS")}
    assert ui.materialised("clips") == {*CATEGORIES}
    assert ui.checks("clips")["do_not_overlap"] == {"succeeded": {*CATEGORIES}}

    said, _ = told.communicate(timeout=240)
    assert told.returncode == 0, said
    assert "1 assets in 2 categories" in said and "left out, as they are not partitioned by category: coverage;" in said
    assert said.rstrip().endswith("COMPLETED_SUCCESS")
    assert "gaming" in ui.materialised("candidate_videos")


def test_a_run_that_has_ended_leaves_no_process(dev: Dev, home: Home) -> None:
    """A run starts decoding processes, and others load torch: a hundred that linger would fill the machine."""
    known = ("internvid dev", "dagster-webserver", "dagster-daemon", "dagster api grpc", "resource_tracker")
    wait_until(
        lambda: not [command for command in processes_of(home.path).values() if not any(k in command for k in known)],
        "only servers are left",
        30,
    )


def test_a_second_one_for_the_same_home_is_refused(dev: Dev, home: Home) -> None:
    second = subprocess.run(internvid("dev"), env=environment(home.path), capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    refusal = f"internvid: `internvid dev` is already running for {home.path}; stop it first"
    assert second.stderr.splitlines() == [refusal]


def test_a_viewer_beside_it_can_look_and_not_touch(dev: Dev, home: Home) -> None:
    with started_dev(home.path, "--read-only") as viewer:
        assert viewer.port != dev.port and listening_on(viewer.port) == {LOCALHOST}
        assert ONE in Ui(viewer.ask).materialised("clips")
        told = viewer.ask_raw(LAUNCH_RUN, {"executionParams": run_parameters(["videos"], REJECTED)})
        assert told["data"]["launchPipelineExecution"]["__typename"] == "UnauthorizedError"
    assert viewer.process.returncode == 0 and dev.process.poll() is None


def test_sigterm_stops_every_process(dev: Dev, home: Home) -> None:
    assert len(processes_of(home.path)) >= 5  # itself, webserver, daemon, and a code server each
    assert dev.stop() == 0
    wait_until(lambda: processes_of(home.path) == {}, "no process is left", 30)
    assert listening_on(dev.port) == set()
    refused = subprocess.run(
        internvid("backfill"), env=environment(home.path), capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == 1 and "start `internvid dev`" in refused.stderr


def test_a_killed_command_is_freed_by_the_next(home: Home) -> None:
    """`kill -9` leaves a run that Dagster shows as running for ever; the same command again frees and finishes it."""
    command = internvid(
        "materialize", "key:acquired_videos or key:videos or key:clips or key:center_captions+", "--category", "music"
    )
    killed = subprocess.Popen(command, env=environment(home.path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with recorded(home) as instance:
        wait_until(lambda: started(instance) != [], "the run has started", every_seconds=0.05)
        dead = started(instance)
        killed.send_signal(signal.SIGKILL)
        assert killed.wait(10) == -signal.SIGKILL and started(instance) == dead

        again = subprocess.run(command, env=environment(home.path), capture_output=True, text=True, timeout=240)
        assert again.returncode == 0, again.stderr
        assert started(instance) == []
        assert [instance.get_run_by_id(run_id).status for run_id in dead] == [dg.DagsterRunStatus.FAILURE]


def started(instance: dg.DagsterInstance) -> list[str]:
    """The runs that Dagster believes to be under way."""
    return [run.run_id for run in instance.get_runs(filters=dg.RunsFilter(statuses=UNFINISHED))]
