"""How a file of sql/ becomes a Dagster asset or a promise about one: what it depends on is what it selects from."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import dagster as dg
import dataframely as dy
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.assets import column_schema
from internvid_assets.cells.preview import preview, rejections
from internvid_assets.cells.recipes import code_hash
from internvid_assets.home import Home
from internvid_assets.partitions import partitions_of
from internvid_assets.selects.damage import damage_named
from internvid_assets.selects.files import SqlFile, sql_files
from internvid_assets.selects.making import make_table, parameters_of, paths_for
from internvid_assets.selects.running import run_selects
from internvid_assets.selects.waterfall import waterfall

Shows: TypeAlias = Callable[[pl.LazyFrame], dict[str, Any]]
"""Turns a table's rows into more metadata of the run that made it."""


def table_asset(
    file: SqlFile, *, group: str, schema: type[dy.Schema] | None = None, shows: Shows | None = None
) -> dg.AssetsDefinition:
    """The table that a file of sql/ makes, with the promises about it; per category where the table has categories."""
    columns = {"dagster/column_schema": column_schema(schema)} if schema else {}

    @dg.asset(
        name=file.name,
        group_name=group,
        deps=sorted(file.tables()),
        description=f"{file.grain}.",
        kinds={"duckdb", "sql"},
        code_version=file.recipe().version,
        metadata={**columns, "sql": dg.MetadataValue.md(f"```sql\n{file.text}\n```")},
        check_specs=check_specs(file.name),
        partitions_def=partitions_of(file.name),
    )
    @damage_named
    def selected(context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
        partition = context.partition_key if context.has_partition_key else None
        return make_selected(file, home, partition, schema, shows)

    return selected


def make_selected(
    file: SqlFile, home: Home, category: str | None, schema: type[dy.Schema] | None, shows: Shows | None = None
) -> dg.MaterializeResult:
    """Make the table; say what it holds and what each step of the choice left."""
    version, steps = make_table(file, home, category, schema)
    rows = pl.scan_parquet(paths_for(home, file.name, category))
    shown: dict[str, Any] = {
        "dagster/partition_row_count" if category else "dagster/row_count": version.rows,
        "dagster/column_schema": column_schema(schema) if schema else column_types(rows),
        "parameters": file.values(parameters_of(file, home)),
        "preview": dg.MetadataValue.md(preview(rows)),
    }
    if shows:
        shown |= shows(rows)
    if steps:
        shown |= {"steps": steps, "waterfall": dg.MetadataValue.md(waterfall(steps))}
    promises = check_results(home, file.name, category)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.data_version), metadata=shown, check_results=[*promises]
    )


def whole_table(table: str, *, group: str, code: Sequence[str], **more: Any) -> dict[str, Any]:
    """What Dagster is told of a table that a run makes whole, with no calls to remember, by the modules in `code`."""
    schema = tables.schema_class(table)
    return {
        "group_name": group,
        "code_version": code_hash(code),
        "metadata": {"dagster/column_schema": column_schema(schema)} if schema else {},
        "check_specs": check_specs(table),
        **more,
    }


def written_whole(
    home: Home,
    table: str,
    rows: pl.DataFrame | pl.LazyFrame,
    partition: str | None = None,
    *,
    made_by: str = "",
    **shown: Any,
) -> dg.MaterializeResult:
    """Replace the table, or one partition of it, and say what was `shown` beside its first rows.

    `made_by` is the hash of its recipe, where it has one.
    """
    version = home.lake.write(rows.lazy(), table, partition, schema=tables.schema_class(table), recipe=made_by)
    told = {"dagster/partition_row_count" if partition else "dagster/row_count": version.rows, **shown}
    if "rejection_reason" in rows.lazy().collect_schema():
        told["rejected"] = rejections(rows.lazy())
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.data_version),
        metadata={**told, "preview": dg.MetadataValue.md(preview(rows.lazy()))},
        check_results=[*check_results(home, table, partition)],
    )


def column_types(rows: pl.LazyFrame) -> dg.TableSchema:
    """The columns of a select with their types: only its result tells them."""
    types = rows.collect_schema().items()
    return dg.TableSchema(columns=[dg.TableColumn(name, type=str(dtype)) for name, dtype in types])


def promises_about(table: str) -> list[SqlFile]:
    """The files of sql/checks about `table`."""
    return [file for file in sql_files("checks") if file.checked_table() == table]


def check_specs(table: str) -> list[dg.AssetCheckSpec]:
    """The promises about a table: evaluated when it is written, since a step of its own costs a check a second."""
    return [
        dg.AssetCheckSpec(
            name=file.name.partition("__")[2],
            asset=table,
            description=f"No offending row: {file.grain}.",
            blocking=file.severity == "error",
            partitions_def=partitions_of(table),
        )
        for file in promises_about(table)
    ]


def check_results(home: Home, table: str, partition: str | None) -> Iterator[dg.AssetCheckResult]:
    """Each promise about the table is kept when its file selects nothing; of one partition where the table has them."""
    promises = promises_about(table)
    names = {name for file in promises for name in file.tables()}
    paths = {name: paths_for(home, name, partition) for name in names}
    selected = run_selects(promises, paths, memory_limit=home.settings.memory_limit)
    for file, offenders in zip(promises, selected, strict=True):
        severity = dg.AssetCheckSeverity.ERROR if file.severity == "error" else dg.AssetCheckSeverity.WARN
        yield dg.AssetCheckResult(
            check_name=file.name.partition("__")[2],
            passed=offenders.is_empty(),
            severity=severity,
            metadata={"offenders": offenders.height, "examples": dg.MetadataValue.md(preview(offenders.lazy()))},
        )
