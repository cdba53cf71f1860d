"""The costs of the stored calls of each recipe: time, failures, tokens, price."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.remembered import Remembered, connect, recipes_and_categories
from internvid_assets.cells.sql_text import listed, quoted
from internvid_assets.selects.files import subsets_folder
from internvid_assets.selects.running import fetch
from internvid_assets.selects.unions import CALLS, members

SPENT = "null::bigint as prompt_tokens, null::bigint as answer_tokens, null::double as cost_dollars"
"""Columns that only calls to captioners have; null for all others."""


def costs_of_recipes(lake: Lake) -> pl.DataFrame:
    """Rows of the table `recipe_costs`. Only narrow columns of the cells are read, not their payload."""
    types = pl.Schema({name: column.dtype for name, column in tables.RecipeCosts.columns().items()})
    found = [rows for table in called_tables() for rows in _costs_of(table, lake)]
    return pl.concat([pl.DataFrame(schema=types), *(rows.cast(types) for rows in found)])


def called_tables() -> tuple[str, ...]:
    """The tables of stored calls."""
    return members(CALLS, subsets_folder())


def _costs_of(table: str, lake: Lake) -> Iterator[pl.DataFrame]:
    parts = [*_parts(table, lake)]
    if not parts:
        return
    options = "union_by_name = true, hive_partitioning = true, hive_types_autocast = false"
    cells, current = f"read_parquet({listed(parts)}, {options})", listed(_current(table, lake))
    with lake.store.scratch() as scratch, connect(scratch, lake.memory_limit) as connection:
        yield fetch(
            connection,
            f"""
            with cells as (select * from {cells} union all by name (select {SPENT} where false))
            select
                {quoted(table)} as table_name,
                recipe,
                recipe in (select unnest({current}::varchar[])) as is_current,
                count(*) filter (coalesce(row_index, 0) = 0) as calls,
                count(*) filter (error is not null) as failed_calls,
                count(row_index) filter (error is null) as rows,
                -- The last digits of a sum depend on the order of threads; rounding keeps the result reproducible.
                round(sum(call_seconds) filter (coalesce(row_index, 0) = 0), 6) as seconds,
                calls / nullif(seconds, 0) as calls_per_second,
                sum(prompt_tokens) filter (coalesce(row_index, 0) = 0) as prompt_tokens,
                sum(answer_tokens) filter (coalesce(row_index, 0) = 0) as answer_tokens,
                round(sum(cost_dollars) filter (coalesce(row_index, 0) = 0), 9) as cost_dollars,
                min(called_at)::date as first_called_on,
                max(called_at)::date as last_called_on
            from cells
            group by recipe
            order by last_called_on desc, recipe""",
        )


def _parts(table: str, lake: Lake) -> Iterator[Path]:
    """The parts of all recipes and categories."""
    for recipe, category in recipes_and_categories(lake.store, table):
        for part in Remembered(lake.store, table, recipe, category, {}).parts():
            yield lake.store.local_path(part)


def _current(table: str, lake: Lake) -> set[str]:
    """The recipes of the table's current rows, from its files."""
    categories = tables.CATEGORIES if table in tables.PER_CATEGORY else (None,)
    versions = (lake.version(table, category) for category in categories)
    return {version.recipe for version in versions if version}
