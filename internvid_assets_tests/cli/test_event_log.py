"""Dagster's event log keeps its engines, and records the same as without that."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from internvid_assets.cli import event_log


@dg.asset
def counted() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"n": 3})


def test_a_file_has_one_engine_and_all_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    created: list[str] = []

    def create(url: str, **options: object) -> object:
        created.append(url)
        return original(url, **options)

    original = event_log._create
    monkeypatch.setattr(event_log, "_create", create)
    monkeypatch.setattr(event_log, "_engines", {})
    monkeypatch.setattr(event_log.STORAGE, "create_engine", original)
    event_log.reuse_engines()
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        runs = [dg.materialize([counted], instance=instance).run_id for _ in range(2)]
        recorded = instance.fetch_materializations(counted.key, limit=10).records
        assert [record.event_log_entry.run_id for record in recorded] == [*reversed(runs)]
    assert sorted(Path(url).stem for url in created) == sorted(["index", *runs])


def test_old_engines_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "_engines", {})
    first = event_log._engine("sqlite:///a")
    assert event_log._engine("sqlite:///a") is first
    for number in range(event_log.MAX_ENGINES):
        event_log._engine(f"sqlite:///{number}")
    assert len(event_log._engines) == event_log.MAX_ENGINES
    assert event_log._engine("sqlite:///a") is not first
