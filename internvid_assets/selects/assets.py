"""How a file of sql/ becomes a Dagster asset or a promise about one: what it depends on is what it selects from."""

import hashlib
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
from internvid_assets.partitions import by_category
from internvid_assets.selects.files import SqlFile, run_select, run_selects, sql_files


def table_asset(file: SqlFile, *, group: str, schema: type[dy.Schema] | None = None) -> dg.AssetsDefinition:
    """The table a file of sql/subsets or sql/marts makes of every category's rows, with the promises about it."""
    columns = {"dagster/column_schema": column_schema(schema)} if schema else {}

    @dg.asset(
        name=file.name,
        group_name=group,
        deps=sorted(file.tables()),
        description=f"{file.grain}.",
        kinds={"duckdb", "sql"},
        code_version=hashlib.blake2b(file.text.encode(), digest_size=6).hexdigest(),
        metadata={**columns, "sql": dg.MetadataValue.md(f"```sql\n{file.text}\n```")},
        check_specs=check_specs(file.name),
    )
    def selected(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
        overrides = parameters_of(file, home)
        paths = {table: home.lake.paths(table) for table in file.tables()}
        rows = run_select(file, paths, overrides, memory_limit=home.settings.memory_limit)
        version = home.lake.write(rows.lazy(), file.name, None, schema=schema)
        shown: dict[str, Any] = {
            "dagster/row_count": version.rows,
            "dagster/column_schema": column_schema(schema) if schema else column_types(rows),
            "parameters": file.values(overrides),
            "preview": dg.MetadataValue.md(preview(rows.lazy())),
        }
        promises = check_results(home, file.name, None)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version.data_version), metadata=shown, check_results=[*promises]
        )

    return selected


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
    home: Home, table: str, rows: pl.DataFrame, category: str | None = None, **shown: Any
) -> dg.MaterializeResult:
    """Replace the table, and say what was `shown` beside its first rows."""
    version = home.lake.write(rows.lazy(), table, category, schema=tables.schema_class(table))
    told = {"dagster/partition_row_count" if category else "dagster/row_count": version.rows, **shown}
    if "rejection_reason" in rows.columns:
        told["rejected"] = rejections(rows.lazy())
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.data_version),
        metadata={**told, "preview": dg.MetadataValue.md(preview(rows.lazy()))},
        check_results=[*check_results(home, table, category)],
    )


def column_types(rows: pl.DataFrame) -> dg.TableSchema:
    """The columns of a select with their types: only its result tells them."""
    return dg.TableSchema(columns=[dg.TableColumn(name, type=str(dtype)) for name, dtype in rows.schema.items()])


def parameters_of(file: SqlFile, home: Home) -> Mapping[str, Any]:
    """What the settings say of the file's parameters: `[subsets.<name>]`."""
    chosen = home.settings.subsets.get(file.name)
    return chosen.model_dump() if chosen and file.kind == "subsets" else {}


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
            partitions_def=by_category if table in tables.PER_CATEGORY else None,
        )
        for file in promises_about(table)
    ]


def check_results(home: Home, table: str, category: str | None) -> Iterator[dg.AssetCheckResult]:
    """Each promise about the table is kept when its file selects nothing; of one category where the table has them."""
    promises = promises_about(table)
    names = {name for file in promises for name in file.tables()}
    paths = {name: paths_for(home, name, category) for name in names}
    selected = run_selects(promises, paths, memory_limit=home.settings.memory_limit)
    for file, offenders in zip(promises, selected, strict=True):
        severity = dg.AssetCheckSeverity.ERROR if file.severity == "error" else dg.AssetCheckSeverity.WARN
        yield dg.AssetCheckResult(
            check_name=file.name.partition("__")[2],
            passed=offenders.is_empty(),
            severity=severity,
            metadata={"offenders": offenders.height, "examples": dg.MetadataValue.md(preview(offenders.lazy()))},
        )


def paths_for(home: Home, table: str, category: str | None) -> list[Path]:
    """A table's files that a check of `category` (None: of everything) sees."""
    if category is None or table not in tables.PER_CATEGORY:
        return home.lake.paths(table)
    path = home.lake.path(table, category)
    return [path] if path else []
