"""How much a recipe's numbers differ from those of the previous recipe for the same inputs."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from internvid_assets.cells.remembered import Remembered, recipes_of
from internvid_assets.cells.store import Store

FEWEST_CALLS = 20
"""With fewer calls, a rank correlation says little."""
LOWEST_CORRELATION = 0.9


@dataclass(frozen=True)
class Drift:
    """Comparison of the calls that were made under both recipes."""

    earlier_recipe: str
    calls: int
    mean_difference: float
    rank_correlation: float
    """Spearman's: 1 if the order is the same, NaN if all numbers are equal."""

    @property
    def is_reordered(self) -> bool:
        """Whether the rows are likely to be ranked differently, and subsets therefore to differ."""
        return self.calls >= FEWEST_CALLS and self.rank_correlation < LOWEST_CORRELATION


def drift(store: Store, table: str, column: str, recipe: str, category: str | None) -> Drift | None:
    """Compare with the most recently used other recipe; None if there is none, or if they share no calls."""
    parts = {one: _numbers(store, table, column, one, category) for one in recipes_of(store, table)}
    earlier = {one: rows for one, rows in parts.items() if one != recipe and rows.height}
    if recipe not in parts or not earlier:
        return None
    last = max(earlier, key=lambda one: (earlier[one]["called_at"].max(), one))
    both = parts[recipe].join(earlier[last], on="input_hash", suffix="_before")
    if both.is_empty():
        return None
    before = f"{column}_before"
    compared = both.select((pl.col(column) - pl.col(before)).mean(), by_rank=pl.corr(column, before, method="spearman"))
    difference, correlation = compared.row(0)
    return Drift(last, both.height, difference, correlation)


def _numbers(store: Store, table: str, column: str, recipe: str, category: str | None) -> pl.DataFrame:
    """`input_hash`, `column` and `called_at` of the successful calls."""
    parts = Remembered(store, table, recipe, category, {}).parts()
    names = ["input_hash", column, "called_at"]
    read = [pl.read_parquet(store.local_path(part), columns=names) for part in parts]
    rows = pl.concat(read) if read else pl.DataFrame(schema=dict.fromkeys(names, pl.Null))
    return rows.drop_nulls(column).unique("input_hash", keep="first", maintain_order=True)
