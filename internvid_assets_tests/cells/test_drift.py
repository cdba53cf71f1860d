"""Numbers of two recipes for the same calls."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from internvid_assets.cells.drift import Drift, drift
from internvid_assets.cells.remembered import CALL_COLUMNS, Remembered
from internvid_assets.cells.store import Store

PAYLOAD = {"score": pl.Float64()}
INPUTS = [f"input {i}" for i in range(20)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def remember(store: Store, recipe: str, scores: dict[str, float | None], *, day: int = 1) -> None:
    rows = [
        {
            "input_hash": name,
            "row_index": 0,
            "error": "timed_out" if score is None else None,
            "attempts": 1,
            "called_at": datetime(2026, 1, day, tzinfo=UTC),
            "score": score,
        }
        for name, score in scores.items()
    ]
    Remembered(store, "scores", recipe, "sports", PAYLOAD).commit(pl.DataFrame(rows, schema=CALL_COLUMNS | PAYLOAD))


def found(store: Store, recipe: str = "new") -> Drift | None:
    return drift(store, "scores", "score", recipe, "sports")


def test_a_first_recipe_has_nothing_to_be_compared_with(store: Store):
    assert found(store) is None
    remember(store, "new", dict.fromkeys(INPUTS, 0.5))
    assert found(store) is None
    remember(store, "old", {"another input": 0.5})
    assert found(store) is None


def test_another_scale_is_no_other_order(store: Store):
    remember(store, "old", {name: i / 10 for i, name in enumerate(INPUTS)})
    remember(store, "new", {name: i / 10 + 1 for i, name in enumerate(INPUTS)}, day=2)
    told = found(store)
    assert told and (told.earlier_recipe, told.calls, told.is_reordered) == ("old", 20, False)
    assert (told.mean_difference, told.rank_correlation) == pytest.approx((1, 1))


@pytest.mark.parametrize(("calls", "is_reordered"), [(20, True), (19, False)])
def test_another_order_is_told_once_there_are_enough_calls(store: Store, calls: int, is_reordered: bool):
    remember(store, "old", {name: float(i) for i, name in enumerate(INPUTS)})
    remember(store, "new", {name: -float(i) for i, name in enumerate(INPUTS[:calls])}, day=2)
    told = found(store)
    assert told and (told.calls, told.is_reordered) == (calls, is_reordered)
    assert told.rank_correlation == pytest.approx(-1)


def test_the_recipe_asked_last_is_the_one_before_and_failures_do_not_count(store: Store):
    remember(store, "oldest", dict.fromkeys(INPUTS, 1.0), day=1)
    remember(store, "old", {name: None if i < 5 else 2.0 for i, name in enumerate(INPUTS)}, day=2)
    remember(store, "new", dict.fromkeys(INPUTS, 3.0), day=3)
    told = found(store)
    assert told and (told.earlier_recipe, told.calls, told.mean_difference) == ("old", 15, 1.0)
    assert not told.is_reordered, "equal numbers have no order"
