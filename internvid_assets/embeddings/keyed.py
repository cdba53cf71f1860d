"""A LanceDB table with one row per key, also with concurrent writers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from internvid_assets.cells.lance import is_table
from internvid_assets.cells.sql_text import quoted

if TYPE_CHECKING:
    import pyarrow as pa

REMOVED_AT_ONCE = 1_000
"""Keys per delete; limits the length of the statement."""
KEPT_VERSIONS = timedelta(days=1)
"""Cleaning up younger versions deletes files that concurrent writers need (60 of 80 commits failed)."""


def key_field(name: str) -> pa.Field:
    """This metadata makes Lance detect two concurrent inserts of the same new key.

    A BTREE index on the key disables that: do not create one.
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
        return is_table(self.directory, self.name)

    def open(self) -> Any:
        """The LanceDB table at its latest version."""
        return self._database.open_table(self.name)

    def ensure(self, schema: pa.Schema) -> None:
        """Create the empty table if it does not exist. One with other columns or types is replaced, with its rows."""
        if self.exists() and self.open().schema.equals(schema):
            return
        mode = "overwrite" if self.exists() else "create"
        self._database.create_table(self.name, schema=schema, mode=mode, exist_ok=True)

    def upsert(self, rows: pl.DataFrame) -> None:
        """Insert `rows`, replacing those with the same keys. Lance retries a commit that conflicts with another."""
        table = self.open()
        merge = table.merge_insert(table.schema.names[0]).when_matched_update_all().when_not_matched_insert_all()
        merge.execute(rows.to_arrow().select(table.schema.names).cast(table.schema))

    def remove(self, keys: Sequence[str]) -> None:
        table = self.open()
        for start in range(0, len(keys), REMOVED_AT_ONCE):
            listed = ", ".join(map(quoted, keys[start : start + REMOVED_AT_ONCE]))
            table.delete(f"{table.schema.names[0]} in ({listed})")

    def read(self, columns: Sequence[str], where: str | None = None) -> pl.DataFrame:
        """Some columns of all rows, or of those that match `where`."""
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
        """Merge small fragments, and add new rows to the existing indexes without retraining them."""
        self.open().optimize(cleanup_older_than=KEPT_VERSIONS)
