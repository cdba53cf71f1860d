"""The tables that readers see: per category exactly the current keys with their cells, replaced as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import dataframely as dy
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.errors import RunStopped
from internvid_assets.cells.feature import empty_table, schema_of
from internvid_assets.cells.inputs import ContentFingerprint
from internvid_assets.cells.remembered import connect
from internvid_assets.cells.sql_text import quoted
from internvid_assets.cells.store import Store, is_whole_parquet

VALIDATED_ROWS = 100_000
ABOUT_THE_MAKING = frozenset({"recipe", "input_hash", "attempts"})
"""Columns that are no content: a table remade to the same values keeps its data version."""
ROW_GROUP_ROWS = {"internvid_icl": 4096}
"""Where readers take groups of a table's rows in any order, some 30 MB each; else what Polars thinks best."""


@dataclass(frozen=True)
class TableVersion:
    """What a written table says of itself, kept in its Parquet metadata."""

    data_version: str
    recipe: str
    rows: int


@dataclass(frozen=True)
class Lake:
    """The tables of one store. `category` is None for a table with a single file (queries, a subset, a mart).

    Of interleaved sequences it is the format: whatever `tables.partitions` names.
    """

    store: Store
    memory_limit: str = "1GB"

    def scan(self, table: str, category: str | None = None, *, schema: type[dy.Schema] | None = None) -> pl.LazyFrame:
        """The table as it stands; no rows, with the right columns, where nothing was written yet.

        A table without categories is the same table for each of them.
        """
        types = schema_of(schema) if schema else dict(empty_table(table).schema)
        path = self.path(table, None if table in tables.OVER_ALL else category)
        if path is None:
            return pl.LazyFrame(schema=types)
        return pl.scan_parquet(path, schema=types, missing_columns="insert", extra_columns="ignore")

    def scan_all(self, table: str) -> pl.LazyFrame:
        """Every category's rows of a per-category table."""
        return pl.concat([self.scan(table, category) for category in tables.CATEGORIES])

    def paths(self, table: str) -> list[Path]:
        """Local paths of what was written of the table: a file per category, format or dataset, or a single one."""
        parts = self.datasets(table) if table in tables.IMPORTED else tables.partitions(table)
        found = (self.path(table, part) for part in parts)
        return [path for path in found if path is not None]

    def datasets(self, table: str = "imported_clips") -> list[str]:
        """The names under which datasets were imported."""
        paths = (Path(file.name) for file in self.store.list(f"lake/{table}"))
        return [path.parent.name.removeprefix("dataset=") for path in paths if path.name == "table.parquet"]

    def path(self, table: str, category: str | None) -> Path | None:
        """The table's file, if it was written; raises RunStopped for one that is damaged."""
        path = self.store.find(file_name(table, category))
        if path is not None and not is_whole_parquet(path):
            again = "import the dataset again" if table in tables.IMPORTED else f"materialise {table}"
            raise RunStopped(f"{path} is damaged; remove it and {again}: nothing is computed again")
        return path

    def version(self, table: str, category: str | None = None) -> TableVersion | None:
        """What the table says of itself, or None where it was not written yet."""
        path = self.path(table, category)
        if path is None:
            return None
        told = pl.read_parquet_metadata(path)
        return TableVersion(told["data_version"], told["recipe"], int(told["rows"]))

    def data_versions(self, table: str) -> list[str]:
        """The content version of each of the table's files that holds a row, category by category."""
        told = map(pl.read_parquet_metadata, self.paths(table))
        return [each["data_version"] for each in told if int(each["rows"])]

    def write(
        self, rows: pl.LazyFrame, table: str, category: str | None, *, schema: type[dy.Schema] | None, recipe: str = ""
    ) -> TableVersion:
        """Validate `rows` batch by batch, write them aside, and replace the table. Memory stays bounded.

        Raises RunStopped naming the rule when rows break the schema: a wrong table is never shown.
        """
        types = schema_of(schema) if schema else dict(rows.collect_schema())
        with self.store.scratch() as scratch:
            unsigned, signed = scratch / "unsigned.parquet", scratch / "table.parquet"
            rows.select(pl.col(name).cast(dtype) for name, dtype in types.items()).sink_parquet(unsigned)
            row_count = _row_count(unsigned)
            if schema and row_count > VALIDATED_ROWS:  # in a single batch the schema itself sees a repeated key
                self._refuse_repeated_keys(unsigned, schema, table, scratch)
            version = TableVersion(_fingerprint(unsigned, schema, table), recipe, row_count)
            # The fingerprint is known only now, and a Parquet footer cannot be edited: copy once more, streaming.
            groups = ROW_GROUP_ROWS.get(table)
            pl.scan_parquet(unsigned).sink_parquet(signed, metadata=_metadata(version), row_group_size=groups)
            self.store.publish(signed, file_name(table, category))
        return version

    def _refuse_repeated_keys(self, path: Path, schema: type[dy.Schema], table: str, scratch: Path) -> None:
        keys = ", ".join(schema.primary_key())
        if not keys:
            return
        with connect(scratch, self.memory_limit) as connection:
            query = f"select {keys} from read_parquet({quoted(path)}) group by {keys} having count(*) > 1 limit 1"
            repeated = connection.execute(query).fetchone()
        if repeated:
            raise RunStopped(f"{table}: the key ({keys}) = {repeated} appears twice; the old table stays")


def file_name(table: str, part: str | None) -> str:
    """Where a table's file lies below the root of its store: of a category, format or imported dataset, or of all."""
    if part is None:
        return f"lake/{table}/table.parquet"
    return f"lake/{table}/{tables.partition_column(table) or 'category'}={part}/table.parquet"


def _row_count(path: Path) -> int:
    return pl.scan_parquet(path).select(pl.len()).collect().item()


def _fingerprint(path: Path, schema: type[dy.Schema] | None, table: str) -> str:
    rows = pl.scan_parquet(path)
    content = [name for name in rows.collect_schema().names() if name not in ABOUT_THE_MAKING]
    fingerprint = ContentFingerprint(content)
    for batch in rows.collect_batches(chunk_size=VALIDATED_ROWS, maintain_order=True):
        if schema:
            _refuse_broken_rules(batch, schema, table)
        fingerprint.update(batch)
    return fingerprint.hexdigest()


def _refuse_broken_rules(batch: pl.DataFrame, schema: type[dy.Schema], table: str) -> None:
    _, failures = schema.filter(batch, cast=True)
    counts = failures.counts()
    if counts:
        told = ", ".join(f"{rule} ({count} rows)" for rule, count in counts.items())
        example = failures.invalid().select(schema.primary_key()).row(0) if schema.primary_key() else ""
        raise RunStopped(f"{table}: rows break the schema: {told}, such as {example}; the old table stays")


def _metadata(version: TableVersion) -> dict[str, str]:
    return {"data_version": version.data_version, "recipe": version.recipe, "rows": str(version.rows)}
