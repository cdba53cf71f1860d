"""`dagster.yaml` and `workspace.yaml`, read by Dagster: state at home, nothing sent, a bounded number of runs."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
import yaml

ROOT = Path(__file__).parents[1]


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    monkeypatch.setenv("INTERNVID_DAGSTER_STATE", str(tmp_path / "state"))
    return dg.DagsterInstance.from_config(str(ROOT))


@dg.asset
def greeting() -> str:
    return "hello"


def test_a_run_leaves_its_state_at_home_and_nowhere_else(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run = dg.materialize([greeting], instance=instance)
    assert run.success and instance.get_run_by_id(run.run_id)
    state = {"history", "schedules", "storage"}
    assert {path.name for path in (tmp_path / "state").iterdir()} >= state
    assert not [name for name in state if (ROOT / name).exists()]


def test_nothing_is_sent(instance: dg.DagsterInstance) -> None:
    assert not instance.telemetry_enabled
    assert not instance.nux_enabled


def test_how_much_runs_at_once_and_for_how_long(instance: dg.DagsterInstance) -> None:
    limits = instance.get_concurrency_config()
    assert limits.run_queue_config and limits.run_queue_config.max_concurrent_runs == 2
    assert instance.run_monitoring_enabled and instance.run_monitoring_max_runtime_seconds == 7 * 24 * 3600


def test_the_state_variable_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the state would land wherever Dagster happens to run."""
    monkeypatch.delenv("INTERNVID_DAGSTER_STATE", raising=False)
    with pytest.raises(Exception, match="INTERNVID_DAGSTER_STATE"):
        dg.DagsterInstance.from_config(str(ROOT))


def test_the_workspace_is_one_module_that_exists() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    assert workspace == {"load_from": [{"python_module": "internvid_assets.definitions"}]}
    assert (ROOT / "internvid_assets" / "definitions.py").exists()
