"""The published tables: per category exactly the current keys with their cells, replaced as a whole."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.errors import RunStopped
from internvid_assets.cells.feature import empty_table, schema_of
from internvid_assets.cells.fingerprint import DIGEST_CHARACTERS, ContentFingerprint
from internvid_assets.cells.remembered import connect
from internvid_assets.cells.sql_text import quoted
from internvid_assets.cells.store import Store, is_whole_parquet

VALIDATED_ROWS = 100_000
ABOUT_THE_MAKING = frozenset({"recipe", "input_hash", "attempts"})
"""Columns that are not content: a table recomputed to the same values keeps its data version."""
UNSIGNED = "unsigned".ljust(DIGEST_CHARACTERS, "-")
"""Placeholder for the data version, of the same length."""
ROW_GROUP_ROWS = {"internvid_icl": 4096}
"""Row groups of about 30 MB for tables that are read group by group in random order; otherwise Polars' default."""


@dataclass(frozen=True)
class TableVersion:
    """The description of a written table, from its Parquet metadata."""

    data_version: str
    recipe: str
    rows: int


@dataclass(frozen=True)
class Lake:
    """The tables of one store. `category` is None for a table with a single file (queries, a subset, a mart).

    For interleaved sequences it is the format: see `tables.partitions`.
    """

    store: Store
    memory_limit: str = "1GB"

    def scan(self, table: str, category: str | None = None, *, schema: type[dy.Schema] | None = None) -> pl.LazyFrame:
        """The current table; without rows, but with the right columns, if it was not written yet.

        Raises RunStopped if the file lacks a column, since that would look like a column of nulls.
        For a table without categories, `category` is ignored.
        """
        types = schema_of(schema) if schema else dict(empty_table(table).schema)
        path = self.path(table, None if table in tables.OVER_ALL else category)
        if path is None:
            return pl.LazyFrame(schema=types)
        refuse_missing_columns(path, types, table)
        return pl.scan_parquet(path, schema=types, extra_columns="ignore")

    def scan_all(self, table: str) -> pl.LazyFrame:
        """The rows of all categories of a per-category table."""
        return pl.concat([self.scan(table, category) for category in tables.CATEGORIES])

    def paths(self, table: str) -> list[Path]:
        """Local paths of the table's existing files: one per category, format or dataset, or a single one."""
        found = (self.path(table, part) for part in self.parts(table))
        return [path for path in found if path is not None]

    def parts(self, table: str) -> Sequence[str | None]:
        """The categories, formats or datasets for which the table may have a file; None: the whole table."""
        return self._listed(table) if table in tables.LISTED else tables.partitions(table)

    def datasets(self, table: str = "imported_clips") -> list[str]:
        """The names of the imported datasets."""
        return self._listed(table)

    def _listed(self, table: str) -> list[str]:
        paths = (Path(file.name) for file in self.store.list(f"lake/{table}"))
        return [path.parent.name.partition("=")[2] for path in paths if path.name == "table.parquet"]

    def path(self, table: str, category: str | None) -> Path | None:
        """The table's file, if it was written; raises RunStopped if it is damaged."""
        path = self.store.find(file_name(table, category))
        if path is not None and not is_whole_parquet(path):
            raise RunStopped(f"{path} is damaged; {way_out(file_name(table, category))}")
        return path

    def version(self, table: str, category: str | None = None) -> TableVersion | None:
        """The version of the table, or None if it was not written yet."""
        path = self.path(table, category)
        if path is None:
            return None
        footer = _footer(path, table)
        return TableVersion(footer["data_version"], footer["recipe"], _row_count(path))

    def data_versions(self, table: str) -> list[str]:
        """The data version of each of the table's files that has rows, category by category."""
        return [_footer(path, table)["data_version"] for path in self.paths(table) if _row_count(path)]

    def write(
        self, rows: pl.LazyFrame, table: str, category: str | None, *, schema: type[dy.Schema] | None, recipe: str = ""
    ) -> TableVersion:
        """Write `rows` to a scratch file and replace the table with it, in bounded memory; raises as `adopt` does."""
        types = schema_of(schema) if schema else dict(rows.collect_schema())
        typed = rows.select(pl.col(name).cast(dtype) for name, dtype in types.items())
        with self.store.scratch() as scratch:
            aside = scratch / "table.parquet"
            typed.sink_parquet(aside, metadata=unsigned(recipe), row_group_size=ROW_GROUP_ROWS.get(table))
            return self.adopt(aside, table, category, schema=schema)

    def adopt(self, aside: Path, table: str, category: str | None, *, schema: type[dy.Schema] | None) -> TableVersion:
        """Replace the table with a Parquet file that was written with the metadata `unsigned`.

        Validates batch by batch, then signs and publishes the file. Raises RunStopped naming the rule if rows violate
        the schema: an invalid table is never published.
        """
        row_count = _row_count(aside)
        if schema and row_count > VALIDATED_ROWS:  # within a single batch the schema itself detects a repeated key
            self._refuse_repeated_keys(aside, schema, table)
        version = TableVersion(_fingerprint(aside, schema, table), pl.read_parquet_metadata(aside)["recipe"], row_count)
        _sign(aside, version.data_version)
        self.store.publish(aside, file_name(table, category))
        return version

    def _refuse_repeated_keys(self, path: Path, schema: type[dy.Schema], table: str) -> None:
        keys = ", ".join(schema.primary_key())
        if not keys:
            return
        source = f"read_parquet({quoted(path)})"
        with connect(path.parent, self.memory_limit) as connection:
            # As many distinct hashes as rows: all keys are unique. Grouping by the keys takes five times as long.
            hashes = f"select count(distinct hash({keys})) = count(*) from {source}"
            if connection.execute(hashes).fetchall()[0][0]:
                return
            query = f"select {keys} from {source} group by {keys} having count(*) > 1 limit 1"
            repeated = connection.execute(query).fetchone()
        if repeated:
            raise RunStopped(f"{table}: the key ({keys}) = {repeated} occurs twice; the old table is kept")


def file_name(table: str, part: str | None) -> str:
    """The name of a table's file in the store: for a category, format or imported dataset (None: the whole table)."""
    if part is None:
        return f"lake/{table}/table.parquet"
    return f"lake/{table}/{tables.partition_column(table) or 'category'}={part}/table.parquet"


def way_out(name: str) -> str:
    """How to recover from a damaged file in `lake/` or `cells/`."""
    folder, table, _ = name.split("/", maxsplit=2)
    if folder == "cells":
        return "restore it, or remove it: its calls will then be made again"
    again = "import the dataset again" if table in tables.IMPORTED else f"materialise {table}"
    return f"remove it and {again}: nothing is recomputed"


def refuse_missing_columns(path: Path, types: Mapping[str, Any], table: str) -> None:
    """Raises RunStopped if the table's file at `path` lacks one of the columns, or if its footer is unreadable."""
    try:
        there = pl.read_parquet_schema(path)
    except pl.exceptions.PolarsError:
        raise RunStopped(f"{path} is damaged; {way_out(f'lake/{table}/')}") from None
    missing = [name for name in types if name not in there]
    if missing:
        raise RunStopped(f"{path} lacks the column {', '.join(missing)}; {way_out(f'lake/{table}/')}")


def _footer(path: Path, table: str) -> dict[str, str]:
    """The metadata of a table's file; raises RunStopped if it has none, since another program wrote it."""
    footer = pl.read_parquet_metadata(path)
    if not footer.keys() >= {"data_version", "recipe"}:
        raise RunStopped(f"{path} has no recipe in its metadata; {way_out(f'lake/{table}/')}")
    return footer


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
        broken = ", ".join(f"{rule} ({count} rows)" for rule, count in counts.items())
        example = failures.invalid().select(schema.primary_key()).row(0) if schema.primary_key() else ""
        raise RunStopped(f"{table}: rows violate the schema: {broken}, such as {example}; the old table is kept")


def unsigned(recipe: str) -> dict[str, str]:
    """The metadata to write a table's file with: its data version is only known afterwards."""
    return {"data_version": UNSIGNED, "recipe": recipe}


def _sign(path: Path, data_version: str) -> None:
    """Replace the placeholder in the footer by the data version, so that the file need not be written twice."""
    with path.open("r+b") as file:
        file.seek(-8, os.SEEK_END)
        footer_bytes = int.from_bytes(file.read(4), "little")
        footer_from = file.seek(-8 - footer_bytes, os.SEEK_END)
        place = file.read(footer_bytes).index(UNSIGNED.encode())
        file.seek(footer_from + place)
        file.write(data_version.encode())
