"""A LanceDB table with one row per key, however many processes write to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from internvid_assets.cells.sql_text import quoted

if TYPE_CHECKING:
    import pyarrow as pa

REMOVED_AT_ONCE = 1_000
"""Keys in one delete; bounds the length of its text."""
KEPT_VERSIONS = timedelta(days=1)
"""Cleaning up younger versions pulls files from under those who are writing (60 of 80 commits failed)."""


def key_field(name: str) -> pa.Field:
    """The mark makes Lance notice two writers of a new key, who would both insert it otherwise.

    A BTREE index on the key would undo that: do not make one.
    """
    import pyarrow as pa

    return pa.field(name, pa.string(), False, {"lance-schema:unenforced-primary-key": "true"})


@dataclass(frozen=True)
class KeyedTable:
    """The table `name` below `directory`. Its key is the schema's first column."""

    directory: Path
    name: str

    @cached_property
    def _database(self) -> Any:
        import lancedb

        self.directory.mkdir(parents=True, exist_ok=True)
        return lancedb.connect(str(self.directory))

    def exists(self) -> bool:
        return (self.directory / f"{self.name}.lance").exists()

    def open(self) -> Any:
        """LanceDB's own table, as it is now."""
        return self._database.open_table(self.name)

    def ensure(self, schema: pa.Schema) -> None:
        """Make the empty table where there is none. One with other columns or types makes way, rows and all."""
        if self.exists() and self.open().schema.equals(schema):
            return
        mode = "overwrite" if self.exists() else "create"
        self._database.create_table(self.name, schema=schema, mode=mode, exist_ok=True)

    def upsert(self, rows: pl.DataFrame) -> None:
        """Insert `rows`, or put them in the place of those with their keys. Lance repeats a commit that met another."""
        table = self.open()
        merge = table.merge_insert(table.schema.names[0]).when_matched_update_all().when_not_matched_insert_all()
        merge.execute(rows.to_arrow().select(table.schema.names).cast(table.schema))

    def remove(self, keys: Sequence[str]) -> None:
        table = self.open()
        for start in range(0, len(keys), REMOVED_AT_ONCE):
            listed = ", ".join(map(quoted, keys[start : start + REMOVED_AT_ONCE]))
            table.delete(f"{table.schema.names[0]} in ({listed})")

    def read(self, columns: Sequence[str], where: str | None = None) -> pl.DataFrame:
        """Some columns of all rows, or of those that `where` says."""
        table = self.open()
        query = table.search().select(list(columns)).limit(max(table.count_rows(), 1))
        found = pl.from_arrow((query.where(where) if where else query).to_arrow())
        assert isinstance(found, pl.DataFrame)
        return found

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Some columns of all rows, a bounded number at a time."""
        table = self.open()
        for batch in table.search().select(list(columns)).limit(max(table.count_rows(), 1)).to_batches():
            yield pl.DataFrame(batch)

    def optimise(self) -> None:
        """Merge small fragments, and fold new rows into the indexes there are without training those anew."""
        self.open().optimize(cleanup_older_than=KEPT_VERSIONS)
