"""The lake in SQL: `warehouse.duckdb` for any DuckDB client, and the same tables in memory for our own commands.

The tables of the graph and the subsets are views, so the warehouse is small and always shows their current rows;
marts are copied. `set variable internvid_home = '...'` redirects the views to a home that was moved.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.cells.lake import file_name
from internvid_assets.cells.sql_text import quoted
from internvid_assets.selects.files import SqlFile, schema_class, sql_files, subset_names, unions
from internvid_assets.selects.running import bounded, column_definitions, run_select

Paths = Callable[[str], Sequence[Path]]
"""From a table to its local Parquet files: `Lake.paths`."""

READ_ONLY = 0o444
ABANDONED_AFTER_SECONDS = 24 * 3600
STORAGE_VERSION = "v1.2.0"
"""The oldest DuckDB version that must be able to open the file, since clients are often older."""


def rebuild(destination: Path, *, home: Path, paths: Paths | None = None, memory_limit: str = "1GB") -> dict[str, int]:
    """Build the warehouse in a temporary file and replace `destination`; returns the number of rows of each table.

    Clients that have the old file open keep reading it. `paths` lists the files of a lake that is not in `home`.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(destination)
    aside = destination.with_name(f"{_prefix(destination)}{os.getpid()}-{uuid.uuid4().hex}")
    try:
        rows = _build(aside, home, paths or paths_in(home), memory_limit)
        aside.chmod(READ_ONLY)
        os.replace(aside, destination)
    finally:
        aside.unlink(missing_ok=True)
    return rows


def open_lake(home: Path, *, paths: Paths | None = None, memory_limit: str = "1GB") -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with every table as a view of the lake's current files; the caller closes it."""
    connection = duckdb.connect(config=bounded(memory_limit))
    try:
        _show_tables(connection, home, paths or paths_in(home), copy=False)
    except BaseException:
        connection.close()
        raise
    return connection


def paths_in(home: Path) -> Paths:
    """The files of a lake inside `home`."""

    def paths(table: str) -> list[Path]:
        if table in tables.LISTED:
            return sorted(home.glob(file_name(table, "*")))
        found = (home / file_name(table, part) for part in tables.partitions(table))
        return [path for path in found if path.is_file()]

    return paths


def _prefix(destination: Path) -> str:
    return f".{destination.name}.building-"


def _remove_abandoned(destination: Path) -> None:
    """Remove files that killed rebuilds left behind; a rebuild takes seconds."""
    for path in destination.parent.glob(f"{_prefix(destination)}*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > ABANDONED_AFTER_SECONDS:
                path.unlink()


def _build(path: Path, home: Path, paths: Paths, memory_limit: str) -> dict[str, int]:
    with duckdb.connect(config=bounded(memory_limit)) as connection:
        connection.execute(f"attach {quoted(str(path))} as warehouse (storage_version {quoted(STORAGE_VERSION)})")
        connection.execute("use warehouse; begin")  # one commit instead of 200: each waits for the disk
        names = _show_tables(connection, home, paths, copy=True)
        for name in names:
            _describe(connection, name)
        counts = {name: connection.execute(f"select count(*) from {name}").fetchall()[0][0] for name in names}
        connection.execute("commit; use memory; detach warehouse")
    return counts


def _show_tables(connection: duckdb.DuckDBPyConnection, home: Path, paths: Paths, *, copy: bool) -> list[str]:
    """Create every table; `copy` makes marts physical."""
    shown = [*tables.GRAPH, *tables.IMPORTED, *subset_names()]
    marts = sql_files("marts")  # last: the columns of a mart without a file are derived from its select
    statements = [*(_view(table, home, paths(table)) for table in shown), *unions()]
    statements += [_mart(file, paths(file.name), copy=copy) for file in marts]
    try:
        connection.execute(";\n".join(statements))
    except duckdb.Error:
        _refuse_broken_marts([file for file in marts if not paths(file.name)])
        raise
    return [*shown, *(file.name for file in marts)]


def _view(table: str, home: Path, paths: Sequence[Path]) -> str:
    if not paths:
        return f"create table {table} ({', '.join(column_definitions(table))})"
    if all(path.is_relative_to(home / "lake") for path in paths):
        each = "*" if tables.partition_column(table) else None
        default, everywhere = quoted(os.path.abspath(home)), quoted(f"/{file_name(table, each)}")
        source = f"coalesce(getvariable('internvid_home'), {default}) || {everywhere}"
    else:
        source = _listed(paths)
    return f"create view {table} as select * from {_read(source)}"


def _mart(file: SqlFile, paths: Sequence[Path], *, copy: bool) -> str:
    """A mart that was never materialized has no rows, and the columns of its select."""
    if paths:
        return f"create {'table' if copy else 'view'} {file.name} as select * from {_read(_listed(paths))}"
    return f"create table {file.name} as {file.text}\nwith no data"


def _refuse_broken_marts(marts: Sequence[SqlFile]) -> None:
    """Raises UserError naming the first mart that does not run on an empty lake."""
    for file in marts:
        try:
            run_select(file, {})
        except duckdb.Error as error:
            raise UserError(f"sql/marts/{file.name}.sql: {' '.join(str(error).split())[:300]}") from None


def _listed(paths: Sequence[Path]) -> str:
    return f"[{', '.join(quoted(os.path.abspath(path)) for path in paths)}]"


def _read(source: str) -> str:
    return f"read_parquet({source}, union_by_name = true, hive_partitioning = false)"


def _describe(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Add COMMENTs for the table and its columns, with units: DuckDB clients show them."""
    kind = "view" if _is_view(connection, name) else "table"
    for statement in _comments(name, kind, set(_columns(connection, name))):
        connection.execute(statement)


def _comments(name: str, kind: str, columns: set[str]) -> Iterator[str]:
    schema = schema_class(name)
    if schema is None:
        grains = {file.name: file.grain for file in sql_files("marts")}
        yield f"comment on {kind} {name} is {quoted(grains[name])}"
        return
    yield f"comment on {kind} {name} is {quoted(inspect.getdoc(schema) or '')}"
    for column, about in schema.columns().items():
        if about.description and column in columns:
            yield f"comment on column {name}.{column} is {quoted(about.description)}"


def _is_view(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    found = connection.execute("select 1 from duckdb_views() where view_name = ? and not internal", [name]).fetchall()
    return bool(found)


def _columns(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    query = "select column_name from duckdb_columns() where table_name = ? and not internal"
    return [column for (column,) in connection.execute(query, [name]).fetchall()]
