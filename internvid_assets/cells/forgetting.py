"""Deleting stored calls: the only way to remove a single call without its whole recipe."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl

from internvid_assets.cells.feature import Feature
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.remembered import Remembered, recipes_of


def calls_of(rows: pl.LazyFrame, owned: pl.LazyFrame) -> list[str]:
    """Input hashes of `owned`, a subset of a table's `rows`, without those shared with rows outside it."""
    key = owned.select("input_hash").drop_nulls().group_by("input_hash").len("owned")
    everyone = rows.select("input_hash").group_by("input_hash").len("all")
    alone = key.join(everyone, on="input_hash").filter(pl.col("owned") == pl.col("all"))
    return alone.select("input_hash").collect()["input_hash"].sort().to_list()


def forget(feature: Feature, category: str | None, lake: Lake, inputs: Collection[str]) -> int:
    """Remove the calls with these inputs, under every recipe; returns how many were removed.

    After a crash, each call is either still there or gone: parts are replaced in the same way as by compaction.
    """
    return sum(each.forget(inputs) for each in _of_all_recipes(feature, category, lake)) if inputs else 0


def _of_all_recipes(feature: Feature, category: str | None, lake: Lake) -> Iterator[Remembered]:
    for recipe in recipes_of(lake.store, feature.name):
        yield Remembered(lake.store, feature.name, recipe, category, feature.payload(), lake.memory_limit)
