"""How a file of sql/ becomes a Dagster asset or a check: what it depends on is what it selects from."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import dataframely as dy

from internvid_assets import tables
from internvid_assets.cells.assets import column_schema, preview
from internvid_assets.cells.lake import file_name
from internvid_assets.home import Home
from internvid_assets.partitions import by_category
from internvid_assets.selects.files import SqlFile, run_select

SHOWN_OFFENDERS = 5


def table_asset(file: SqlFile, *, group: str, schema: type[dy.Schema] | None = None) -> dg.AssetsDefinition:
    """The table a file of sql/subsets or sql/marts makes of every category's rows."""
    columns = {"dagster/column_schema": column_schema(schema)} if schema else {}

    @dg.asset(
        name=file.name,
        group_name=group,
        deps=sorted(file.tables()),
        description=f"{file.grain}.",
        kinds={"duckdb", "sql"},
        code_version=hashlib.blake2b(file.text.encode(), digest_size=6).hexdigest(),
        metadata={**columns, "sql": dg.MetadataValue.md(f"```sql\n{file.text}\n```")},
    )
    def selected(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
        overrides = parameters_of(file, home)
        paths = {table: home.lake.paths(table) for table in file.tables()}
        rows = run_select(file, paths, overrides, memory_limit=home.settings.memory_limit)
        version = home.lake.write(rows.lazy(), file.name, None, schema=schema)
        shown: dict[str, Any] = {
            "dagster/row_count": version.rows,
            "parameters": file.values(overrides),
            "preview": dg.MetadataValue.md(preview(rows.lazy())),
        }
        return dg.MaterializeResult(data_version=dg.DataVersion(version.data_version), metadata=shown)

    return selected


def parameters_of(file: SqlFile, home: Home) -> Mapping[str, Any]:
    """What the settings say of the file's parameters: `[subsets.<name>]`."""
    chosen = home.settings.subsets.get(file.name)
    return chosen.model_dump() if chosen and file.kind == "subsets" else {}


def table_check(file: SqlFile) -> dg.AssetChecksDefinition:
    """The promise of a file of sql/checks, kept when it selects nothing; one category at a time where there are any."""
    table = file.checked_table()
    is_per_category = table in tables.PER_CATEGORY

    @dg.asset_check(
        asset=table,
        name=file.name.partition("__")[2],
        description=f"No offending row: {file.grain}.",
        blocking=file.severity == "error",
        partitions_def=by_category if is_per_category else None,
    )
    def kept(context: dg.AssetCheckExecutionContext, home: dg.ResourceParam[Home]) -> dg.AssetCheckResult:
        category = context.partition_key if is_per_category else None
        offenders = run_select(file, {name: paths_for(home, name, category) for name in file.tables()})
        severity = dg.AssetCheckSeverity.ERROR if file.severity == "error" else dg.AssetCheckSeverity.WARN
        shown = {"offenders": offenders.height, "examples": dg.MetadataValue.md(preview(offenders.lazy()))}
        return dg.AssetCheckResult(passed=offenders.is_empty(), severity=severity, metadata=shown)

    return kept


def paths_for(home: Home, table: str, category: str | None) -> list[Path]:
    """A table's files that a check of `category` (None: of everything) sees."""
    if category is None or table not in tables.PER_CATEGORY:
        return home.lake.paths(table)
    path = home.store.find(file_name(table, category))
    return [path] if path else []
