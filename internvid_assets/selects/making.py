"""Makes the table of a file of `sql/`: writes its rows to a scratch file, then replaces the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dataframely as dy
import duckdb

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.feature import schema_of
from internvid_assets.cells.lake import TableVersion, refuse_missing_columns, unsigned
from internvid_assets.home import Home
from internvid_assets.selects.files import SqlFile, schema_class
from internvid_assets.selects.running import write_select


def make_table(
    file: SqlFile, home: Home, category: str | None, schema: type[dy.Schema] | None
) -> tuple[TableVersion, dict[str, int]]:
    """Replace the table, or one category of it; returns its new version and how many rows each step leaves.

    Raises UserError naming the file if its SQL does not run.
    """
    overrides = parameters_of(file, home)
    paths = {table: paths_for(home, table, category) for table in file.tables()}
    for table, found in paths.items():
        refuse_incomplete(table, found)
    with home.store.scratch() as scratch:
        aside = scratch / "selected.parquet"
        try:
            steps = write_select(
                file,
                paths,
                aside,
                overrides,
                types=schema_of(schema) if schema else None,
                metadata=unsigned(file.recipe(overrides).hash),
                memory_limit=home.settings.memory_limit,
            )
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise UserError(f"sql/{file.kind}/{file.name}.sql: {' '.join(str(error).split())[:300]}") from None
        return home.lake.adopt(aside, file.name, category, schema=schema), steps


def refuse_incomplete(table: str, paths: Sequence[Path]) -> None:
    """Raises RunStopped naming a file that lacks a column: DuckDB would read nulls and select by them."""
    schema = schema_class(table)
    for path in paths if schema else ():
        refuse_missing_columns(path, schema.columns(), table)


def parameters_of(file: SqlFile, home: Home) -> Mapping[str, Any]:
    """The values in the settings for the file's parameters: `[subsets.<name>]`."""
    return home.settings.parameters_of_subset(file.name) if file.kind == "subsets" else {}


def paths_for(home: Home, table: str, partition: str | None) -> list[Path]:
    """A table's files for `partition`; all files if the table has no such partition."""
    if partition not in home.lake.parts(table):
        return home.lake.paths(table)
    path = home.lake.path(table, partition)
    return [path] if path else []
