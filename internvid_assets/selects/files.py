"""The folder `sql/`: what its files are, which tables each one reads, and running one on exactly those."""

from __future__ import annotations

import ast
import functools
import itertools
import re
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import duckdb
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.cells.sql_text import quoted
from internvid_assets.selects.lineage import tables_read, tables_read_each

Kind = Literal["subsets", "marts", "checks"]
Severity = Literal["error", "warn"]
Value = bool | int | float | str

_GRAIN = re.compile(r"-- (One row per .+)")
_SEVERITY = re.compile(r"-- severity: (error|warn)")
_PARAMETER = re.compile(r"-- \$(\w+) = (.+?): (.+)")


@dataclass(frozen=True)
class Parameter:
    """A value that settings may replace; `why` says where the default comes from."""

    name: str
    default: Value
    why: str


@dataclass(frozen=True)
class SqlFile:
    """One file of `sql/`: one select, named after the table it makes or the promise it checks."""

    name: str
    kind: Kind
    text: str
    grain: str
    parameters: Mapping[str, Parameter]
    reads: frozenset[str]
    severity: Severity | None = None

    def tables(self) -> frozenset[str]:
        """The tables it reads."""
        return self.reads

    def checked_table(self) -> str:
        """The table a check makes its promise about: the first half of its name."""
        return self.name.partition("__")[0]

    def values(self, overrides: Mapping[str, Any] | None = None) -> dict[str, Value]:
        """Every parameter's value; `overrides` win over the file's defaults. Raises UserError for what does not fit."""
        chosen: dict[str, Value] = {name: parameter.default for name, parameter in self.parameters.items()}
        for name, value in (overrides or {}).items():
            if name not in chosen:
                known = ", ".join(sorted(chosen)) or "none"
                raise UserError(f"{self.kind}.{self.name} has no parameter {name}; known ones: {known}")
            chosen[name] = self._fitting(name, value)
        return chosen

    def _fitting(self, name: str, value: Any) -> Value:
        expected = type(self.parameters[name].default)
        if expected is float and type(value) is int:
            return float(value)
        if type(value) is not expected:
            raise UserError(f"{self.kind}.{self.name}.{name} = {value!r}: expected {expected.__name__}")
        return value


def sql_folder() -> Path:
    """Inside the package when it was installed from a wheel; beside the package in a checkout."""
    package = Path(__file__).parents[1]
    packaged = package / "sql"
    return packaged if packaged.is_dir() else package.parent / "sql"


@functools.cache
def sql_files(kind: Kind) -> tuple[SqlFile, ...]:
    """Every file of one kind, by name."""
    paths = sorted((sql_folder() / kind).glob("*.sql"))
    texts = [path.read_text(encoding="utf-8") for path in paths]
    reads = tables_read_each(texts)
    return tuple(parse(path.stem, kind, text, reads[text]) for path, text in zip(paths, texts, strict=True))


def sql_file(kind: Kind, name: str) -> SqlFile:
    """The file `sql/<kind>/<name>.sql`; raises UserError naming those there are."""
    for file in sql_files(kind):
        if file.name == name:
            return file
    raise UserError(f"no file sql/{kind}/{name}.sql; there are: {', '.join(file.name for file in sql_files(kind))}")


def parse(name: str, kind: Kind, text: str, reads: frozenset[str] | None = None) -> SqlFile:
    """Reads the header: the grain on line 1, for checks the severity on line 2, then parameters; raises ValueError.

    `reads` are the tables it names, where the caller knows them already.
    """
    header = list(_header(text))
    grain = _GRAIN.fullmatch(header[0]) if header else None
    if grain is None:
        raise ValueError(f"sql/{kind}/{name}.sql: line 1 must be '-- One row per ...'")
    severity = _SEVERITY.fullmatch(header[1]) if len(header) > 1 else None
    if (severity is not None) != (kind == "checks"):
        raise ValueError(f"sql/{kind}/{name}.sql: '-- severity: error|warn' is line 2 of checks, and of nothing else")
    parameters = {parameter.name: parameter for parameter in _parameters(header)}
    said: Any = severity and severity[1]
    reads = tables_read(text) if reads is None else reads
    return SqlFile(name, kind, text, grain[1].rstrip("."), parameters, reads, said)


def _parameters(header: Iterable[str]) -> Iterator[Parameter]:
    for line in header:
        if declared := _PARAMETER.fullmatch(line):
            name, default, why = declared.groups()
            yield Parameter(name, _literal(default), why)


def _header(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("--"):
            return
        yield line.rstrip()


def _literal(text: str) -> Value:
    value = ast.literal_eval(text)
    if not isinstance(value, get_args(Value)):
        raise ValueError(f"default {text}: expected a number, a quoted text, True or False")
    return value


def column_types(table: str) -> dict[str, Any]:
    """Polars types of the columns of a table of the graph or a subset; raises UserError for any other table."""
    schema = schema_class(table)
    if schema is None:
        raise UserError(
            f"no table {table}; known ones: {', '.join([*tables.OVER_ALL, *tables.PER_CATEGORY, *_subset_names()])}"
        )
    return {name: column.dtype for name, column in schema.columns().items()}


def schema_class(table: str) -> Any:
    """The dataframely schema of a table of the graph or a subset, or None."""
    return tables.schema_class(table) or (tables.ChosenClips if table in _subset_names() else None)


def _subset_names() -> list[str]:
    return [file.name for file in sql_files("subsets")]


def run_select(
    file: SqlFile,
    files_of: Mapping[str, Sequence[Path]],
    parameters: Mapping[str, Any] | None = None,
    *,
    memory_limit: str = "1GB",
) -> pl.DataFrame:
    """The file's rows, from views of only the tables it names; one without files reads as empty.

    `files_of` maps a table to its Parquet files. Nothing else can be read: neither other files nor Python variables.
    """
    values = file.values(parameters)
    with _only(file.tables(), files_of, memory_limit) as connection:
        return fetch(connection, file.text, values)


def run_selects(
    files: Sequence[SqlFile], files_of: Mapping[str, Sequence[Path]], *, memory_limit: str = "1GB"
) -> list[pl.DataFrame]:
    """The rows of several files, in one connection (opening one costs as much as a small query)."""
    named = frozenset(table for file in files for table in file.tables())
    with _only(named, files_of, memory_limit) as connection:
        return [fetch(connection, file.text, file.values()) for file in files]


def bounded(memory_limit: str) -> dict[str, Any]:
    """A configuration of DuckDB: above `memory_limit` it spills to a folder that it makes and removes itself."""
    spill = Path(tempfile.gettempdir(), f"internvid-{uuid.uuid4().hex}")
    return {"memory_limit": memory_limit, "temp_directory": str(spill)}


@contextmanager
def _only(
    named: Iterable[str], files_of: Mapping[str, Sequence[Path]], memory_limit: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees the tables `named` and nothing else."""
    with duckdb.connect(config=bounded(memory_limit)) as connection:
        for table in sorted(named):
            show_table(connection, table, files_of.get(table, ()))
        _lock(connection, [path for table in named for path in files_of.get(table, ())])
        yield connection


def fetch(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Value] | None = None) -> pl.DataFrame:
    """The rows of a query; none of a statement such as `set`, which has no result.

    By way of Arrow: DuckDB 2.0 reports a relation that Polars reads itself as leaked when Python ends.
    """
    relation: Any = connection.sql(sql, params=dict(values or {}))
    if relation is None:
        return pl.DataFrame()
    rows = relation.to_arrow_table()
    return pl.DataFrame(rows.rename_columns(_distinct(rows.column_names)))


def _distinct(names: Sequence[str]) -> list[str]:
    """Columns of one name, as `select *` of a join gives them, as DuckDB names them in a table: error, error_1."""
    distinct: list[str] = []
    for name in names:
        numbered = (f"{name}_{i}" for i in itertools.count(1))
        distinct.append(
            name if name not in distinct else next(new for new in numbered if new not in [*names, *distinct])
        )
    return distinct


def show_table(connection: duckdb.DuckDBPyConnection, table: str, paths: Sequence[Path]) -> None:
    """Create `table` in the connection: a view of the files, or without files no rows of its schema."""
    if paths:
        listed = ", ".join(quoted(str(path)) for path in paths)
        source = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
        connection.execute(f"create view {table} as select * from {source}")
    else:
        connection.execute(f"create table {table} ({', '.join(column_definitions(table))})")


def column_definitions(table: str) -> list[str]:
    """`name type` for each column, as `create table` wants them."""
    return [f'"{name}" {duckdb_type(dtype)}' for name, dtype in column_types(table).items()]


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
    """DuckDB's name of a Polars type, lists included."""
    if isinstance(dtype, pl.List):
        return f"{duckdb_type(dtype.inner)}[]"
    return _DUCKDB_TYPES[dtype.base_type()]


def _lock(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> None:
    listed = ", ".join(quoted(str(path)) for path in paths)
    connection.execute(
        f"set python_enable_replacements = false; set allowed_paths = [{listed}];"
        "set enable_external_access = false; set lock_configuration = true"
    )
