"""Runs a file of `sql/` on exactly the tables it names; nothing else can be read, and only one file written."""

from __future__ import annotations

import re
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from internvid_assets.cells.sql_text import quoted
from internvid_assets.selects import numpy_choice
from internvid_assets.selects.files import SqlFile, Value, column_types, sql_files, subsets_folder
from internvid_assets.selects.lineage import counting, held_apart
from internvid_assets.selects.unions import views

BATCH_ROWS = 100_000
FEWEST_WRITING_THREADS = 4
"""Even with fewer cores, since some threads wait for the disk while others compute. For a large lake on disk, two cores
make a subset in 0.7 to 0.9 of the time."""
COMPRESSION = {"intermediate": "lz4_raw", "subsets": "lz4_raw"}
"""Instead of zstd, since every subset reads all captions and writes its own: 1.4 times the space, 0.6 of the time."""


def run_select(
    file: SqlFile,
    files_of: Mapping[str, Sequence[Path]],
    parameters: Mapping[str, Any] | None = None,
    *,
    memory_limit: str = "1GB",
) -> pl.DataFrame:
    """The file's rows, from views of only the tables it names; a table without files is empty.

    `files_of` maps a table to its Parquet files. Nothing else is readable: neither other files nor Python variables.
    """
    values = file.values(parameters)
    with _only([file], files_of, memory_limit) as connection:
        return fetch(connection, file.text, values)


def write_select(
    file: SqlFile,
    files_of: Mapping[str, Sequence[Path]],
    destination: Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    types: Mapping[str, Any] | None = None,
    metadata: Mapping[str, str] | None = None,
    memory_limit: str = "1GB",
) -> dict[str, int]:
    """Like `run_select`, but writes the rows to a Parquet file, so that they need not fit into memory.

    `types` are the columns of the file and their Polars types. Returns how many rows each of the file's steps
    leaves; the last step is the selection itself, so its rows are those written. Materialized steps are computed
    once, for the rows and the counts.
    """
    values = file.values(parameters)
    columns = ", ".join(f'"{name}"::{duckdb_type(dtype)} as "{name}"' for name, dtype in (types or {}).items())
    pairs = ", ".join(f"{name}: {quoted(text)}" for name, text in (metadata or {}).items())
    compression = COMPRESSION.get(file.kind, "zstd")
    options = f"format parquet, compression {compression}{f', kv_metadata {{{pairs}}}' if pairs else ''}"
    with _only([file], files_of, memory_limit, writes=destination) as connection:
        rest = _hold(connection, file.text, values)
        copy = f"copy (select {columns or '*'} from ({rest})) to {quoted(str(destination))} ({options})"
        written = int(_execute(connection, copy, values).fetchall()[0][0])
        return _counted(connection, rest, file.steps[:-1], values) | dict.fromkeys(file.steps[-1:], written)


def select_batches(
    file: SqlFile,
    files_of: Mapping[str, Sequence[Path]],
    parameters: Mapping[str, Any] | None = None,
    *,
    memory_limit: str = "1GB",
) -> Iterator[pl.DataFrame]:
    """Like `run_select`, but in batches, in the file's order, to bound the caller's memory."""
    values = file.values(parameters)
    with _only([file], files_of, memory_limit) as connection:
        for batch in connection.sql(file.text, params=values).to_arrow_reader(BATCH_ROWS):
            yield pl.DataFrame(batch)


def count_steps(
    file: SqlFile,
    files_of: Mapping[str, Sequence[Path]],
    parameters: Mapping[str, Any] | None = None,
    *,
    memory_limit: str = "1GB",
) -> dict[str, int]:
    """How many rows each of the file's steps leaves."""
    with _only([file], files_of, memory_limit) as connection:
        return _counted(connection, file.text, file.steps, file.values(parameters))


def _hold(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Value]) -> str:
    """Compute the materialized steps of `sql` as tables; returns `sql` without them, to be run on these tables."""
    held, rest = held_apart(sql)
    for name, query in held.items():
        _execute(connection, f'create temp table "{name}" as {query}', values)
    return rest


def _counted(
    connection: duckdb.DuckDBPyConnection, sql: str, steps: Sequence[str], values: Mapping[str, Value]
) -> dict[str, int]:
    return dict(_execute(connection, counting(sql, steps), values).fetchall()) if steps else {}


def _execute(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Value]) -> duckdb.DuckDBPyConnection:
    """Passes only the values that `sql` names, since DuckDB rejects others."""
    return connection.execute(sql, {name: value for name, value in values.items() if re.search(rf"\${name}\b", sql)})


def run_selects(
    files: Sequence[SqlFile], files_of: Mapping[str, Sequence[Path]], *, memory_limit: str = "1GB"
) -> list[pl.DataFrame]:
    """The rows of several files, on one connection (opening one costs as much as a small query)."""
    with _only(files, files_of, memory_limit) as connection:
        return [fetch(connection, file.text, file.values()) for file in files]


def count_selected(
    files: Sequence[SqlFile], files_of: Mapping[str, Sequence[Path]], *, memory_limit: str = "1GB"
) -> list[int]:
    """The row count of each file: for checks, the number of offending rows."""
    with _only(files, files_of, memory_limit) as connection:
        counts = (connection.execute(f"select count(*) from ({file.text})", file.values()) for file in files)
        return [count.fetchall()[0][0] for count in counts]


def bounded(memory_limit: str) -> dict[str, Any]:
    """A DuckDB configuration: above `memory_limit` it spills to a folder that it creates and removes itself."""
    spill = Path(tempfile.gettempdir(), f"internvid-{uuid.uuid4().hex}")
    return {"memory_limit": memory_limit, "temp_directory": str(spill)}


@contextmanager
def _only(
    files: Sequence[SqlFile], files_of: Mapping[str, Sequence[Path]], memory_limit: str, writes: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees only the tables that `files` name, and may write one file."""
    named = frozenset(chain.from_iterable(file.tables() for file in files))
    with duckdb.connect(config=bounded(memory_limit)) as connection:
        numpy_choice.register(connection)
        for table in sorted(named):
            show_table(connection, table, files_of.get(table, ()))
        for statement in views({name for file in files for name in file.names}, subsets_folder()):
            connection.execute(statement)
        if writes:
            connection.execute(f"set threads = greatest({FEWEST_WRITING_THREADS}, current_setting('threads'))")
        readable = [path for table in named for path in files_of.get(table, ())]
        _lock(connection, [*readable, *([writes] if writes else [])])
        yield connection


def fetch(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Value] | None = None) -> pl.DataFrame:
    """The rows of a query; an empty frame for a statement without a result, such as `set`.

    Converted through Arrow: DuckDB 2.0 reports relations read directly by Polars as leaked when Python exits.
    """
    relation: Any = connection.sql(sql, params=dict(values or {}))
    if relation is None:
        return pl.DataFrame()
    rows = relation.to_arrow_table()
    return pl.DataFrame(rows.rename_columns(_distinct(rows.column_names)))


def _distinct(names: Sequence[str]) -> list[str]:
    """Makes repeated column names, as from `select *` of a join, distinct in DuckDB's way: error, error_1."""
    distinct: list[str] = []
    for name in names:
        numbered = (f"{name}_{i}" for i in count(1))
        distinct.append(
            name if name not in distinct else next(new for new in numbered if new not in [*names, *distinct])
        )
    return distinct


def show_table(connection: duckdb.DuckDBPyConnection, table: str, paths: Sequence[Path]) -> None:
    """Create `table` in the connection: a view of the files, or an empty table with its schema."""
    if paths:
        listed = ", ".join(quoted(str(path)) for path in paths)
        source = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
        connection.execute(f"create view {table} as select * from {source}")
    else:
        connection.execute(f"create table {table} ({', '.join(column_definitions(table))})")


def column_definitions(table: str) -> list[str]:
    """`name type` of each column, for `create table`; for a mart, determined by running it on an empty lake."""
    mart = next((file for file in sql_files("marts") if file.name == table), None)
    types = run_select(mart, {}).schema if mart else column_types(table)
    return [f'"{name}" {duckdb_type(dtype)}' for name, dtype in types.items()]


_DUCKDB_TYPES: dict[Any, str] = {
    pl.String: "varchar",
    pl.Boolean: "boolean",
    pl.Int8: "tinyint",
    pl.Int16: "smallint",
    pl.Int32: "integer",
    pl.Int64: "bigint",
    pl.Float32: "float",
    pl.Float64: "double",
    pl.Date: "date",
}


def duckdb_type(dtype: Any) -> str:
    """DuckDB's name of a Polars type, including lists and structs."""
    if isinstance(dtype, pl.List):
        return f"{duckdb_type(dtype.inner)}[]"
    if isinstance(dtype, pl.Struct):
        fields = [f'"{field.name}" {duckdb_type(field.dtype)}' for field in dtype.fields]
        return f"struct({', '.join(fields)})"
    return _DUCKDB_TYPES[dtype.base_type()]


def _lock(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> None:
    listed = ", ".join(quoted(str(path)) for path in paths)
    connection.execute(
        f"set python_enable_replacements = false; set allowed_paths = [{listed}];"
        "set enable_external_access = false; set lock_configuration = true"
    )
