"""Stored calls: append-only parts of cells keyed by (recipe, input), and which of them readers see.

A part is immutable and named after its calls, so writing it twice is harmless. Several parts may contain the same
call (two processes, a retry after a failure); readers use one per input: a success before a failure, then the
earliest success or the failure with the most attempts. `row_index` numbers the rows of a call; a call that returned
no rows is stored as one line whose `row_index` is null.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from internvid_assets.cells.errors import RunStopped
from internvid_assets.cells.sql_text import listed, quoted
from internvid_assets.cells.store import Store, StoredFile, is_whole_parquet

CALL_COLUMNS: dict[str, pl.DataType] = {
    "input_hash": pl.String(),
    "row_index": pl.Int32(),
    "error": pl.String(),
    "error_message": pl.String(),
    "is_retryable": pl.Boolean(),
    "attempts": pl.Int16(),
    "call_seconds": pl.Float64(),
    "called_at": pl.Datetime("us", "UTC"),
    "made_with": pl.String(),
}
"""The columns of a part before the payload; `made_with` records library versions, which are not in the recipe."""

COMPACT_ABOVE_PARTS = 32
MANIFEST_SUFFIX = ".replaces.json"

# The order of preference among calls (lowest first), as one integer so that DuckDB can aggregate it out of core. A
# success has its time in microseconds, below 2^62 for 146,000 years; a failure has 2^62 minus its attempts.
_RANK = "case when error is null then epoch_us(called_at) else (1::bigint << 62) - attempts end"


def recipes_and_categories(store: Store, table: str) -> list[tuple[str, str]]:
    """(recipe, category) of all stored calls of a table; sorted."""
    folders = {tuple(file.name.split("/")[2:4]) for file in store.list(f"cells/{table}")}
    return sorted((recipe.removeprefix("recipe="), category.removeprefix("category=")) for recipe, category in folders)


def recipes_of(store: Store, table: str) -> list[str]:
    """All recipes under which calls of a table are stored; sorted."""
    return sorted({recipe for recipe, _ in recipes_and_categories(store, table)})


@dataclass(frozen=True)
class Remembered:
    """The calls of one table, recipe and category (None: the table has no categories)."""

    store: Store
    table: str
    recipe: str
    category: str | None
    payload: Mapping[str, pl.DataType]
    memory_limit: str = "1GB"

    @property
    def folder(self) -> str:
        return f"cells/{self.table}/recipe={self.recipe}/category={self.category or 'all'}"

    @property
    def schema(self) -> dict[str, pl.DataType]:
        return {**CALL_COLUMNS, **self.payload}

    def commit(self, cells: pl.DataFrame) -> str:
        """Write `cells` as one part; returns its name, derived from its calls. An existing part is not rewritten."""
        cells = cells.select(pl.col(name).cast(dtype) for name, dtype in self.schema.items())
        name = f"{self.folder}/part-{_name_of(cells)}.parquet"
        if self.store.find(name) is not None:
            return name
        with self.store.scratch() as scratch:
            cells.write_parquet(scratch / "part.parquet")
            self.store.publish(scratch / "part.parquet", name)
        return name

    def parts(self) -> list[StoredFile]:
        """The valid parts: all except those that a manifest replaces, and merged ones that have no manifest yet."""
        files = {file.name: file for file in self.store.list(self.folder)}
        manifests = [name for name in files if name.endswith(MANIFEST_SUFFIX)]
        replaced = {part for name in manifests for part in self._replaced_by(files[name])}
        merged = {name.removesuffix(MANIFEST_SUFFIX) for name in manifests}
        parts = (file for name, file in files.items() if name.endswith(".parquet") and name not in replaced)
        return [file for file in parts if "/merged-" not in file.name or file.name in merged]

    def _replaced_by(self, manifest: StoredFile) -> list[str]:
        """The parts that a merged part replaces; raises RunStopped if the manifest is damaged."""
        path = self.store.local_path(manifest)
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            way_out = "restore it, or remove it: the calls of the part next to it will then be made again"
            raise RunStopped(f"{path} is damaged; {way_out}") from None

    @contextmanager
    def query(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB connection with the views `heads` (one line per call), `winners` and `kept` (what readers see)."""
        with self.store.scratch() as scratch, connect(scratch, self.memory_limit) as connection:
            self._define(connection, scratch)
            yield connection

    def compact(self, *, above_parts: int = COMPACT_ABOVE_PARTS) -> bool:
        """Merge the parts into one if there are more than `above_parts`; a crash at any point loses nothing.

        Publishing its manifest makes the merged part valid and the replaced ones invalid, at the same moment.
        """
        parts = self.parts()
        if len(parts) <= above_parts:
            return False
        with self.query() as connection:
            self._merge(connection, parts, "kept")
        return True

    def forget(self, inputs: Collection[str]) -> int:
        """Remove the calls with these inputs; returns how many there were. A crash leaves all of them, or none."""
        with self.query() as connection:
            connection.execute("create table forgotten as select unnest(?::varchar[]) as input_hash", [[*inputs]])
            (found,) = fetch_one(connection, "select count(*) from winners semi join forgotten using (input_hash)")
            if found:
                self._merge(connection, self.parts(), "kept anti join forgotten using (input_hash)")
        return found

    def _merge(self, connection: duckdb.DuckDBPyConnection, parts: Sequence[StoredFile], rows: str) -> None:
        """Replace `parts` by one part with `rows`, a selection from the views of `query`."""
        replaced = [part.name for part in parts]
        name = f"{self.folder}/merged-{_digest(replaced)}.parquet"
        with self.store.scratch() as scratch:
            columns = ", ".join(self.schema)
            copy_to(
                connection, f"select {columns} from {rows} order by input_hash, row_index", scratch / "merged.parquet"
            )
            (scratch / "manifest.json").write_text(json.dumps(replaced))
            self.store.publish(scratch / "merged.parquet", name)
            self.store.publish(scratch / "manifest.json", name + MANIFEST_SUFFIX)
        self._remove_replaced()

    def _remove_replaced(self) -> None:
        """Remove invalid files: replaced parts first, so that none becomes valid again when its manifest is removed."""
        files = {file.name: file for file in self.store.list(self.folder)}
        manifests = {name for name in files if name.endswith(MANIFEST_SUFFIX)}
        replaced = {part for name in manifests for part in self._replaced_by(files[name])}
        for part in sorted(replaced & files.keys()):
            if part + MANIFEST_SUFFIX not in manifests:
                self.store.remove(part)
        for merged in [name for name in files if "/merged-" in name and name.endswith(".parquet")]:
            if merged in replaced or merged + MANIFEST_SUFFIX not in manifests:
                self.store.remove(merged + MANIFEST_SUFFIX)
                self.store.remove(merged)

    def _define(self, connection: duckdb.DuckDBPyConnection, scratch: Path) -> None:
        paths = [self._whole(part) for part in self.parts()] or [self._empty_part(scratch)]
        connection.execute("create table part_paths (part integer, path varchar)")
        connection.executemany("insert into part_paths values (?, ?)", [(i, str(p)) for i, p in enumerate(paths)])
        connection.execute(f"""
            create view cells as
            select cells.*, part
            from read_parquet({listed(paths)}, filename = 'path', union_by_name = true) as cells
            join part_paths using (path)""")
        connection.execute("create view heads as select * from cells where coalesce(row_index, 0) = 0")
        connection.execute(f"""
            create view winners as
            select input_hash, arg_min(part, {_RANK}) as part, min({_RANK}) as rank from heads group by input_hash""")
        connection.execute(f"""
            create view kept as
            select cells.* from cells join winners using (input_hash, part)
            where {_RANK} = rank""")

    def _whole(self, part: StoredFile) -> Path:
        """The local path of the part; raises RunStopped if it is damaged."""
        path = self.store.local_path(part)
        if not is_whole_parquet(path):
            raise RunStopped(f"{path} is damaged; restore it, or remove it: its calls will then be made again")
        return path

    def _empty_part(self, scratch: Path) -> Path:
        path = scratch / "no-cells.parquet"
        pl.DataFrame(schema=self.schema).write_parquet(path)
        return path


@contextmanager
def connect(scratch: Path, memory_limit: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB connection that spills to `scratch` above `memory_limit`."""
    connection = duckdb.connect(config={"memory_limit": memory_limit, "temp_directory": str(scratch / "spill")})
    try:
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set timezone = 'UTC'")
        yield connection
    finally:
        connection.close()


def copy_to(connection: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    """Write a query's rows as Parquet, compressed and with statistics for pruning."""
    connection.execute(f"copy ({select}) to {quoted(path)} (format parquet, compression zstd)")


def fetch_one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The only row of a query that returns exactly one."""
    row = connection.execute(query).fetchone()
    if row is None:
        raise ValueError(f"expected one row from: {query}")
    return row


def _name_of(cells: pl.DataFrame) -> str:
    calls = cells.select(pl.concat_str(["input_hash", "attempts", "error"], separator=":", ignore_nulls=True))
    return _digest(sorted(set(calls.to_series())))


def _digest(texts: Sequence[str]) -> str:
    return hashlib.blake2b("\n".join(texts).encode(), digest_size=12).hexdigest()
