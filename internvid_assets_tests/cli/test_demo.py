"""internvid demo, small: from nothing to a dataset, and again for nothing."""

from __future__ import annotations

import json
import re

import pytest
from console import files, run_here

from internvid_assets.tables import CATEGORIES


@pytest.fixture(autouse=True)
def no_runs_for_empty_categories(monkeypatch):
    """The video lies in the first category; a run for each of the fifteen others takes some seconds."""
    monkeypatch.setattr("internvid_assets.cli.demo.CATEGORIES", CATEGORIES[:1])


def test_a_second_demo_computes_nothing(empty):
    first = run_here("demo", "--videos", "1", "--seed", "6", home=empty)
    assert first.exit_code == 0, first.stderr
    counts = dict(re.findall(r"^(\S.*?)\s+(\d+)$", first.stdout, flags=re.MULTILINE))
    assert counts["videos"] == "1" and int(counts["fused captions"]) > 0
    assert all(told in first.stdout for told in ("warehouse.duckdb", "internvid sql", "card/card.html", "make dev"))

    assert (empty / "card" / "card.html").is_file()

    remembered = [file for file in files(empty) if "/cells/" in file[0]]
    second = run_here("demo", "--videos", "1", "--seed", "6", home=empty)
    assert second.exit_code == 0, second.stderr
    assert [file for file in files(empty) if "/cells/" in file[0]] == remembered
    plan = json.loads(run_here("plan", "--format", "json", home=empty).stdout)
    assert plan and sum(row["rows_to_compute"] for row in plan) == 0
