"""The real webserver's app in this process, without port, daemon or browser: the UI's own mutations, and their effect.

Runs are processes that the code server starts. The backfill daemon's iterations are driven by hand, instead of every
30 seconds; that function and the context of the app are private to Dagster, which is pinned to its minor version.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._daemon.backfill import execute_backfill_iteration
from dagster_webserver.app import create_app_from_workspace_process_context
from small_homes import CATEGORIES, REJECTED, ROOT, WEBM
from starlette.testclient import TestClient
from webserver import Ui, promises_of, wait_until

from internvid_assets import tables
from internvid_assets.home import Home

pytestmark = pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")

ONE, OTHERS = CATEGORIES[1], sorted({*CATEGORIES} - {CATEGORIES[1]})
LAUNCH_AT_ONCE = {"module": "dagster._core.run_coordinator", "class": "DefaultRunCoordinator"}
COUNTED = ["candidate_videos", "acquired_videos", "videos", "clips", "clip_frames"]


@pytest.fixture(scope="module")
def home(new_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home of this module alone, also for the processes that it starts."""
    home = new_home(tmp_path_factory.mktemp("server") / "home")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("INTERNVID_HOME", str(home.path))
        environment.setenv("INTERNVID_SETTINGS", str(ROOT / "internvid.toml"))
        yield home


@pytest.fixture(scope="module")
def workspace(home: Home) -> Iterator[WorkspaceProcessContext]:
    overrides = {"run_coordinator": LAUNCH_AT_ONCE, "nux": {"enabled": False}}
    with (
        dg.instance_for_test(overrides=overrides) as instance,
        WorkspaceProcessContext(instance, WorkspaceFileTarget([str(ROOT / "workspace.yaml")])) as workspace,
    ):
        yield workspace


@pytest.fixture(scope="module")
def ui(workspace: WorkspaceProcessContext) -> Iterator[Ui]:
    with TestClient(create_app_from_workspace_process_context(workspace)) as client:

        def ask(query: str, variables: dict[str, Any]) -> dict[str, Any]:
            answer = client.post("/graphql", json={"query": query, "variables": variables}).json()
            assert "errors" not in answer, answer["errors"]
            return answer["data"]

        ui = Ui(ask)
        wait_until(ui.is_ready, "the definitions are loaded")
        yield ui


def rows(home: Home, table: str, category: str) -> int:
    version = home.lake.version(table, category)
    return version.rows if version else -1


def finish(ui: Ui, workspace: WorkspaceProcessContext, backfill_id: str, seconds: float = 120) -> None:
    """Be the backfill daemon until it has no more to do."""

    def daemon_looks() -> bool:
        errors = [error for error in execute_backfill_iteration(workspace, logging.getLogger("backfill")) if error]
        assert errors == []
        return ui.backfill(backfill_id)["status"] not in ("REQUESTED", "CANCELING", "FAILING")

    wait_until(daemon_looks, "the backfill has ended", seconds)


def test_one_category_of_every_asset_is_materialised(ui: Ui, home: Home) -> None:
    run_id = ui.launch_run(list(tables.PER_CATEGORY), ONE)
    wait_until(lambda: ui.run_status(run_id) in ("SUCCESS", "FAILURE"), "the run has ended")
    assert ui.run_status(run_id) == "SUCCESS"
    assert {table: ui.materialised(table) for table in tables.PER_CATEGORY} == {
        table: {ONE} for table in tables.PER_CATEGORY
    }
    assert [rows(home, table, ONE) for table in ("videos", "clips", "fused_captions", "umt_scores")] == [1, 3, 3, 3]


def test_the_promises_show_as_kept_in_that_category(ui: Ui) -> None:
    shown = {f"{table}__{name}": found for table in tables.PER_CATEGORY for name, found in ui.checks(table).items()}
    promised = [f"{table}__{name}" for table in tables.PER_CATEGORY for name in promises_of(table)]
    assert shown == {name: {"succeeded": {ONE}} for name in promised}


def test_a_backfill_of_three_categories_makes_them_all(ui: Ui, home: Home, workspace: WorkspaceProcessContext) -> None:
    backfill_id = ui.launch_backfill(COUNTED, OTHERS)
    assert ui.backfill(backfill_id) == {"status": "REQUESTED", "runs": {}}
    finish(ui, workspace, backfill_id)
    assert ui.backfill(backfill_id) == {"status": "COMPLETED_SUCCESS", "runs": dict.fromkeys(OTHERS, "SUCCESS")}
    counted = {"numPartitions": 16, "numMaterialized": 4, "numFailed": 0}
    assert {asset: ui.counts(asset) for asset in COUNTED} == dict.fromkeys(COUNTED, counted)
    assert ui.materialised("clip_frames") == {*CATEGORIES}
    assert [rows(home, "clips", category) for category in (REJECTED, WEBM)] == [0, 5]


def test_the_promises_show_as_kept_in_each_category(ui: Ui) -> None:
    """With an explicit backfill policy they would show as planned for ever, and of no category."""
    for asset in COUNTED[1:]:
        assert ui.checks(asset) == {name: {"succeeded": {*CATEGORIES}} for name in ui.checks(asset)}
    assert set(ui.checks("clips")) == set(promises_of("clips")) and ui.checks("fused_captions")[
        "one_per_kept_clip"
    ] == {"succeeded": {ONE}}
