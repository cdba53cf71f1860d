"""Finds the damaged file behind an engine's error: DuckDB and Polars rarely name it, so all files are examined."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import polars as pl

from internvid_assets.cells.errors import RunStopped
from internvid_assets.cells.lake import Lake, way_out
from internvid_assets.cells.store import StoredFile
from internvid_assets.selects.files import schema_class, sql_files

ENGINES = frozenset({"duckdb", "_duckdb", "polars", "pyarrow"})
NO_DAMAGE = (duckdb.ParserException, duckdb.OutOfMemoryException, duckdb.InterruptException)
ABOUT_COLUMNS = (duckdb.BinderException, pl.exceptions.ColumnNotFoundError, pl.exceptions.SchemaError)
"""Raised for a file that lacks a column, and for a query with an unknown column: rows need not be read."""


def damage_behind(lake: Lake, error: BaseException) -> str | None:
    """A one-line message naming the damaged file behind an error; None if no engine failed or all files are intact.

    All footers are checked first. If they are intact, all rows are read, which takes some seconds per gigabyte.
    """
    failed = next((one for one in _causes(error) if _is_of_an_engine(one)), None)
    if failed is None or isinstance(failed, NO_DAMAGE):
        return None
    files = [file for folder in ("lake", "cells") for file in lake.store.list(folder) if _is_table(file)]
    found = (line for file in files if (line := _broken_footer(lake, file)))
    if line := next(found, None):
        return line
    rows = () if isinstance(failed, ABOUT_COLUMNS) else files
    return next((line for file in rows if (line := _unreadable_rows(lake, file))), None)


@contextmanager
def naming_damage(lake: Lake) -> Iterator[None]:
    """Turns an error caused by a damaged file into RunStopped naming the file; other errors pass unchanged."""
    try:
        yield
    except Exception as error:
        if message := damage_behind(lake, error):
            raise RunStopped(message) from None
        raise


def damage_named(making: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: runs an asset's function or generator, which takes a `home`, within `naming_damage`."""

    @functools.wraps(making)
    def made(*args: Any, **resources: Any) -> Any:
        with naming_damage(resources["home"].lake):
            return making(*args, **resources)

    @functools.wraps(making)
    def yielded(*args: Any, **resources: Any) -> Iterator[Any]:
        with naming_damage(resources["home"].lake):
            yield from making(*args, **resources)

    return yielded if inspect.isgeneratorfunction(making) else made


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and the errors it replaced: `from None` only hides them from tracebacks."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_of_an_engine(error: BaseException) -> bool:
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in ENGINES


def _is_table(file: StoredFile) -> bool:
    return file.name.endswith(".parquet")


def _broken_footer(lake: Lake, file: StoredFile) -> str | None:
    path = lake.store.here(file)
    if path is None:
        return None
    try:
        columns = pl.read_parquet_schema(path)
    except Exception:  # whatever the engine raises for bytes that are not Parquet
        return f"{path} is damaged; {way_out(file.name)}"
    missing = [name for name in _expected(file.name) if name not in columns]
    return f"{path} lacks the column {', '.join(missing)}; {way_out(file.name)}" if missing else None


def _expected(name: str) -> list[str]:
    """The columns of a table of the graph, a subset or a mart; none for `cells/`, where they depend on the recipe."""
    folder, table, _ = name.split("/", maxsplit=2)
    if folder != "lake":
        return []
    schema = schema_class(table)
    return [*schema.columns()] if schema else _columns_of_mart(table)


@functools.cache
def _columns_of_mart(table: str) -> list[str]:
    from internvid_assets.selects.running import run_select

    mart = next((file for file in sql_files("marts") if file.name == table), None)
    return run_select(mart, {}).columns if mart else []


def _unreadable_rows(lake: Lake, file: StoredFile) -> str | None:
    import pyarrow.parquet as pq

    path = lake.store.here(file)
    if path is None:
        return None
    try:
        with pq.ParquetFile(path) as rows:
            for _ in rows.iter_batches():
                pass
    except Exception:
        return f"{path} is damaged; {way_out(file.name)}"
    return None
