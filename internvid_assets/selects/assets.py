"""Turns each file of sql/ into a Dagster asset or asset check, which depends on the tables it selects from."""

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
"""From a table's rows to further materialization metadata."""


def table_asset(
    file: SqlFile, *, group: str, schema: type[dy.Schema] | None = None, shows: Shows | None = None
) -> dg.AssetsDefinition:
    """The asset of a file of sql/, with its checks; partitioned if the table is."""
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
    """Make the table; the metadata says what it holds and how many rows each step leaves."""
    version, steps = make_table(file, home, category, schema)
    rows = pl.scan_parquet(paths_for(home, file.name, category))
    metadata: dict[str, Any] = {
        "dagster/partition_row_count" if category else "dagster/row_count": version.rows,
        "dagster/column_schema": column_schema(schema) if schema else column_types(rows),
        "parameters": file.values(parameters_of(file, home)),
        "preview": dg.MetadataValue.md(preview(rows)),
    }
    if shows:
        metadata |= shows(rows)
    if steps:
        metadata |= {"steps": steps, "waterfall": dg.MetadataValue.md(waterfall(steps))}
    checks = check_results(home, file.name, category)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.data_version), metadata=metadata, check_results=[*checks]
    )


def whole_table(table: str, *, group: str, code: Sequence[str], **more: Any) -> dict[str, Any]:
    """Asset arguments for a table that is made as a whole, without stored calls, by the modules in `code`."""
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
    """Replace the table, or one partition of it; the metadata is `shown` and a preview of its rows.

    `made_by` is the hash of its recipe, if it has one.
    """
    version = home.lake.write(rows.lazy(), table, partition, schema=tables.schema_class(table), recipe=made_by)
    metadata = {"dagster/partition_row_count" if partition else "dagster/row_count": version.rows, **shown}
    if "rejection_reason" in rows.lazy().collect_schema():
        metadata["rejected"] = rejections(rows.lazy())
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.data_version),
        metadata={**metadata, "preview": dg.MetadataValue.md(preview(rows.lazy()))},
        check_results=[*check_results(home, table, partition)],
    )


def column_types(rows: pl.LazyFrame) -> dg.TableSchema:
    """The columns and types of a select, known only from its result."""
    types = rows.collect_schema().items()
    return dg.TableSchema(columns=[dg.TableColumn(name, type=str(dtype)) for name, dtype in types])


def checks_of(table: str) -> list[SqlFile]:
    """The files of sql/checks that check `table`."""
    return [file for file in sql_files("checks") if file.checked_table() == table]


def check_specs(table: str) -> list[dg.AssetCheckSpec]:
    """The checks of a table. They run when it is written, since a separate step would cost each check a second."""
    return [
        dg.AssetCheckSpec(
            name=file.name.partition("__")[2],
            asset=table,
            description=f"No offending row: {file.grain}.",
            blocking=file.severity == "error",
            partitions_def=partitions_of(table),
        )
        for file in checks_of(table)
    ]


def check_results(home: Home, table: str, partition: str | None) -> Iterator[dg.AssetCheckResult]:
    """A check passes if its file selects no rows; on one partition if the table is partitioned."""
    checks = checks_of(table)
    names = {name for file in checks for name in file.tables()}
    paths = {name: paths_for(home, name, partition) for name in names}
    selected = run_selects(checks, paths, memory_limit=home.settings.memory_limit) if checks else []
    for file, offenders in zip(checks, selected, strict=True):
        severity = dg.AssetCheckSeverity.ERROR if file.severity == "error" else dg.AssetCheckSeverity.WARN
        yield dg.AssetCheckResult(
            check_name=file.name.partition("__")[2],
            passed=offenders.is_empty(),
            severity=severity,
            metadata={"offenders": offenders.height, "examples": dg.MetadataValue.md(preview(offenders.lazy()))},
        )
