"""The tables that readers see: per category exactly the current keys with their cells, replaced as a whole."""

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
"""Columns that are no content: a table remade to the same values keeps its data version."""
UNSIGNED = "unsigned".ljust(DIGEST_CHARACTERS, "-")
"""Stands where the data version will, in as many characters."""
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

        Raises RunStopped for a file that lacks a column: rows without it would pass for rows that have none.
        A table without categories is the same table for each of them.
        """
        types = schema_of(schema) if schema else dict(empty_table(table).schema)
        path = self.path(table, None if table in tables.OVER_ALL else category)
        if path is None:
            return pl.LazyFrame(schema=types)
        refuse_missing_columns(path, types, table)
        return pl.scan_parquet(path, schema=types, extra_columns="ignore")

    def scan_all(self, table: str) -> pl.LazyFrame:
        """Every category's rows of a per-category table."""
        return pl.concat([self.scan(table, category) for category in tables.CATEGORIES])

    def paths(self, table: str) -> list[Path]:
        """Local paths of what was written of the table: a file per category, format or dataset, or a single one."""
        found = (self.path(table, part) for part in self.parts(table))
        return [path for path in found if path is not None]

    def parts(self, table: str) -> Sequence[str | None]:
        """What the table has, or may have, a file for; None: the whole of it."""
        return self._listed(table) if table in tables.LISTED else tables.partitions(table)

    def datasets(self, table: str = "imported_clips") -> list[str]:
        """The names under which datasets were imported."""
        return self._listed(table)

    def _listed(self, table: str) -> list[str]:
        paths = (Path(file.name) for file in self.store.list(f"lake/{table}"))
        return [path.parent.name.partition("=")[2] for path in paths if path.name == "table.parquet"]

    def path(self, table: str, category: str | None) -> Path | None:
        """The table's file, if it was written; raises RunStopped for one that is damaged."""
        path = self.store.find(file_name(table, category))
        if path is not None and not is_whole_parquet(path):
            raise RunStopped(f"{path} is damaged; {way_out(file_name(table, category))}")
        return path

    def version(self, table: str, category: str | None = None) -> TableVersion | None:
        """What the table says of itself, or None where it was not written yet."""
        path = self.path(table, category)
        if path is None:
            return None
        footer = _footer(path, table)
        return TableVersion(footer["data_version"], footer["recipe"], _row_count(path))

    def data_versions(self, table: str) -> list[str]:
        """The content version of each of the table's files that holds a row, category by category."""
        return [_footer(path, table)["data_version"] for path in self.paths(table) if _row_count(path)]

    def write(
        self, rows: pl.LazyFrame, table: str, category: str | None, *, schema: type[dy.Schema] | None, recipe: str = ""
    ) -> TableVersion:
        """Write `rows` aside and replace the table with them. Memory stays bounded; raises as `adopt` does."""
        types = schema_of(schema) if schema else dict(rows.collect_schema())
        typed = rows.select(pl.col(name).cast(dtype) for name, dtype in types.items())
        with self.store.scratch() as scratch:
            aside = scratch / "table.parquet"
            typed.sink_parquet(aside, metadata=unsigned(recipe), row_group_size=ROW_GROUP_ROWS.get(table))
            return self.adopt(aside, table, category, schema=schema)

    def adopt(self, aside: Path, table: str, category: str | None, *, schema: type[dy.Schema] | None) -> TableVersion:
        """Replace the table with a Parquet file that was written with the metadata `unsigned`.

        Validates batch by batch, then signs and publishes the file. Raises RunStopped naming the rule when rows
        break the schema: a wrong table is never shown.
        """
        row_count = _row_count(aside)
        if schema and row_count > VALIDATED_ROWS:  # in a single batch the schema itself sees a repeated key
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
            # As many hashes as rows: no key is there twice. Grouping by the keys themselves takes five times as long.
            hashes = f"select count(distinct hash({keys})) = count(*) from {source}"
            if connection.execute(hashes).fetchall()[0][0]:
                return
            query = f"select {keys} from {source} group by {keys} having count(*) > 1 limit 1"
            repeated = connection.execute(query).fetchone()
        if repeated:
            raise RunStopped(f"{table}: the key ({keys}) = {repeated} appears twice; the old table stays")


def file_name(table: str, part: str | None) -> str:
    """Where a table's file lies below the root of its store: of a category, format or imported dataset, or of all."""
    if part is None:
        return f"lake/{table}/table.parquet"
    return f"lake/{table}/{tables.partition_column(table) or 'category'}={part}/table.parquet"


def way_out(name: str) -> str:
    """What to do about a damaged file of `lake/` or `cells/`."""
    folder, table, _ = name.split("/", maxsplit=2)
    if folder == "cells":
        return "restore it, or remove it: its calls are then made again"
    again = "import the dataset again" if table in tables.IMPORTED else f"materialise {table}"
    return f"remove it and {again}: nothing is computed again"


def refuse_missing_columns(path: Path, types: Mapping[str, Any], table: str) -> None:
    """Raises RunStopped where the table's file at `path` lacks one of the columns, or its footer cannot be read."""
    try:
        there = pl.read_parquet_schema(path)
    except pl.exceptions.PolarsError:
        raise RunStopped(f"{path} is damaged; {way_out(f'lake/{table}/')}") from None
    missing = [name for name in types if name not in there]
    if missing:
        raise RunStopped(f"{path} lacks the column {', '.join(missing)}; {way_out(f'lake/{table}/')}")


def _footer(path: Path, table: str) -> dict[str, str]:
    """What a table's file says of itself; raises RunStopped for one that says nothing, since others wrote it."""
    footer = pl.read_parquet_metadata(path)
    if not footer.keys() >= {"data_version", "recipe"}:
        raise RunStopped(f"{path} does not say what it was made by; {way_out(f'lake/{table}/')}")
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
        raise RunStopped(f"{table}: rows break the schema: {broken}, such as {example}; the old table stays")


def unsigned(recipe: str) -> dict[str, str]:
    """The metadata to write a table's file with, aside: its data version is known only when it was written."""
    return {"data_version": UNSIGNED, "recipe": recipe}


def _sign(path: Path, data_version: str) -> None:
    """Put the data version in the place that was kept for it in the footer: the file need not be written once more."""
    with path.open("r+b") as file:
        file.seek(-8, os.SEEK_END)
        footer_bytes = int.from_bytes(file.read(4), "little")
        footer_from = file.seek(-8 - footer_bytes, os.SEEK_END)
        place = file.read(footer_bytes).index(UNSIGNED.encode())
        file.seek(footer_from + place)
        file.write(data_version.encode())
