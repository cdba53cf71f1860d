"""What calls took is told by their cells: every attempt, of every recipe, wherever the table stands now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from internvid_assets import tables
from internvid_assets.analytics.costs import costs_of_recipes
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.remembered import Remembered
from internvid_assets.cells.store import Store

DAY = datetime(2026, 1, 1, tzinfo=UTC)
PAID: dict[str, pl.DataType] = {
    "prompt_tokens": pl.Int64(),
    "answer_tokens": pl.Int64(),
    "cost_dollars": pl.Float64(),
}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(Store(tmp_path))


@pytest.fixture
def commit(lake: Lake) -> Callable[..., None]:
    """Commits calls of half a second: `(input, row_index, columns)` each, as one part."""

    def commit(table: str, recipe: str, calls: list[tuple], category: str = "sports", paid: bool = False) -> None:
        cells = Remembered(lake.store, table, recipe, category, PAID if paid else {})
        told = {"attempts": 1, "call_seconds": 0.5, "called_at": DAY}
        rows = [told | {"input_hash": key, "row_index": index} | more for key, index, more in calls]
        cells.commit(pl.DataFrame([{name: row.get(name) for name in cells.schema} for row in rows], cells.schema))

    return commit


def test_a_lake_without_calls_has_no_costs(lake: Lake) -> None:
    rows = costs_of_recipes(lake)
    assert rows.is_empty() and rows.columns == tables.RecipeCosts.column_names()


def test_calls_are_counted_once_however_many_rows_they_return(lake: Lake, commit: Callable[..., None]) -> None:
    two_rows, no_row = [("a", 0, {}), ("a", 1, {})], [("b", None, {})]
    failure = [("c", 0, {"error": "timeout", "called_at": DAY + timedelta(days=2)})]
    commit("clips", "00000e12", [*two_rows, *no_row, *failure])
    commit("clips", "00000e12", [("a", 0, {})], category="music")
    (row,) = costs_of_recipes(lake).to_dicts()
    expected = {"table_name": "clips", "recipe": "00000e12", "calls": 4, "failed_calls": 1, "rows": 3, "seconds": 2.0}
    assert {name: row[name] for name in expected} == expected
    assert row["calls_per_second"] == 2.0 and row["cost_dollars"] is None
    assert (row["first_called_on"], row["last_called_on"]) == (date(2026, 1, 1), date(2026, 1, 3))


def test_a_repeated_call_costs_again(lake: Lake, commit: Callable[..., None]) -> None:
    commit("clips", "r", [("a", 0, {"error": "timeout"})])
    commit("clips", "r", [("a", 0, {"attempts": 2})])
    (row,) = costs_of_recipes(lake).to_dicts()
    assert (row["calls"], row["failed_calls"], row["seconds"]) == (2, 1, 1.0)


def test_what_servers_asked_for_is_summed(lake: Lake, commit: Callable[..., None]) -> None:
    """Calls from before a table had these columns are counted as well."""
    commit("fused_captions", "r", [("old", 0, {})])
    price = {"prompt_tokens": 100, "answer_tokens": 20, "cost_dollars": 0.25}
    commit("fused_captions", "r", [("a", 0, price), ("b", 0, price)], paid=True)
    (row,) = costs_of_recipes(lake).to_dicts()
    assert (row["calls"], row["prompt_tokens"], row["answer_tokens"], row["cost_dollars"]) == (3, 200, 40, 0.5)


def test_a_recipe_is_current_while_the_table_holds_its_rows(lake: Lake, commit: Callable[..., None]) -> None:
    for recipe in ("new", "old"):
        commit("clips", recipe, [("a", 0, {})])
    lake.write(lake.scan("clips", "sports"), "clips", "sports", schema=tables.Clips, recipe="new")
    rows = costs_of_recipes(lake).select("recipe", "is_current").rows()
    assert rows == [("new", True), ("old", False)]
