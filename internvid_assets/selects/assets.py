"""How a file of sql/ becomes a Dagster asset or a promise about one: what it depends on is what it selects from."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import dataframely as dy
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.assets import column_schema, preview, rejections
from internvid_assets.cells.recipes import code_hash
from internvid_assets.home import Home
from internvid_assets.partitions import partitions_of
from internvid_assets.selects.files import SqlFile, sql_files
from internvid_assets.selects.running import run_selects, write_select
from internvid_assets.selects.waterfall import waterfall


def table_asset(file: SqlFile, *, group: str, schema: type[dy.Schema] | None = None) -> dg.AssetsDefinition:
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
    def selected(context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
        return make_selected(file, home, context.partition_key if context.has_partition_key else None, schema)

    return selected


def make_selected(
    file: SqlFile, home: Home, category: str | None, schema: type[dy.Schema] | None
) -> dg.MaterializeResult:
    """Write the rows aside, then as the table; say what each step of the choice left."""
    overrides = parameters_of(file, home)
    paths = {table: paths_for(home, table, category) for table in file.tables()}
    with home.store.scratch() as scratch:
        aside = scratch / "selected.parquet"
        steps = write_select(file, paths, aside, overrides, memory_limit=home.settings.memory_limit)
        rows = pl.scan_parquet(aside)
        recipe = file.recipe(overrides).hash
        version = home.lake.write(rows, file.name, category, schema=schema, recipe=recipe)
        shown: dict[str, Any] = {
            "dagster/partition_row_count" if category else "dagster/row_count": version.rows,
            "dagster/column_schema": column_schema(schema) if schema else column_types(rows),
            "parameters": file.values(overrides),
            "preview": dg.MetadataValue.md(preview(rows)),
        }
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
    home: Home, table: str, rows: pl.DataFrame | pl.LazyFrame, partition: str | None = None, **shown: Any
) -> dg.MaterializeResult:
    """Replace the table, or one partition of it, and say what was `shown` beside its first rows."""
    version = home.lake.write(rows.lazy(), table, partition, schema=tables.schema_class(table))
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


def parameters_of(file: SqlFile, home: Home) -> Mapping[str, Any]:
    """What the settings say of the file's parameters: `[subsets.<name>]`."""
    return home.settings.parameters_of_subset(file.name) if file.kind == "subsets" else {}


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


def paths_for(home: Home, table: str, partition: str | None) -> list[Path]:
    """A table's files that a check of `partition` sees: all, where the table has no such partition."""
    if partition not in tables.partitions(table):
        return home.lake.paths(table)
    path = home.lake.path(table, partition)
    return [path] if path else []
