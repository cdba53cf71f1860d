"""The folder `sql/`: what its files are, and which tables each one reads."""

from __future__ import annotations

import ast
import functools
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.cells.recipes import Recipe
from internvid_assets.selects.lineage import tables_read, tables_read_each
from internvid_assets.selects.unions import ABOUT, CHOSEN_CLIPS, members, views

Kind = Literal["pools", "subsets", "interleaved", "marts", "checks"]
Severity = Literal["error", "warn"]
Value = bool | int | float | str

_GRAIN = re.compile(r"-- (One row per .+)")
_SEVERITY = re.compile(r"-- severity: (error|warn)")
_PARAMETER = re.compile(r"-- \$(\w+) = (.+?): (.+)")
_STEPS = re.compile(r"-- steps: (\w+(?:, \w+)*)")


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
    names: frozenset[str]
    severity: Severity | None = None
    steps: tuple[str, ...] = ()
    """Tables and `with` steps by which a subset narrows its choice: what each leaves is counted."""

    def tables(self) -> frozenset[str]:
        """The tables it reads: of a union that it names, those that the union is made of."""
        return frozenset(chain.from_iterable(members(name, subsets_folder()) for name in self.names))

    def checked_table(self) -> str:
        """The table a check makes its promise about: the first half of its name."""
        return self.name.partition("__")[0]

    def recipe(self, overrides: Mapping[str, Any] | None = None) -> Recipe:
        """What its rows depend on beside the tables it reads: its text, as the version, and its parameters."""
        version = hashlib.blake2b(self.text.encode(), digest_size=6).hexdigest()
        return Recipe(self.name, version, self.values(overrides))

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


def subsets_folder() -> Path:
    return sql_folder() / "subsets"


def unions() -> list[str]:
    """Statements that make every union, in a connection which sees all tables."""
    return [*views(ABOUT, subsets_folder())]


@functools.cache
def sql_files(kind: Kind) -> tuple[SqlFile, ...]:
    """Every file of one kind; one that reads another comes after it."""
    paths = sorted((sql_folder() / kind).glob("*.sql"))
    texts = [path.read_text(encoding="utf-8") for path in paths]
    names = tables_read_each(texts)
    parsed = {path.stem: parse(path.stem, kind, text, names[text]) for path, text in zip(paths, texts, strict=True)}
    read = {name: sorted(file.names & parsed.keys()) for name, file in parsed.items()}
    return tuple(parsed[name] for name in TopologicalSorter(read).static_order())


def sql_file(kind: Kind, name: str) -> SqlFile:
    """The file `sql/<kind>/<name>.sql`; raises UserError naming those there are."""
    for file in sql_files(kind):
        if file.name == name:
            return file
    raise UserError(f"no file sql/{kind}/{name}.sql; there are: {', '.join(file.name for file in sql_files(kind))}")


def parse(name: str, kind: Kind, text: str, names: frozenset[str] | None = None) -> SqlFile:
    """Reads the header: the grain on line 1, for checks the severity on line 2, parameters, steps; raises ValueError.

    `names` are the tables it names, where the caller knows them already.
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
    names = tables_read(text) if names is None else names
    steps = next((told[1].split(", ") for line in header if (told := _STEPS.fullmatch(line))), [])
    return SqlFile(name, kind, text, grain[1].rstrip("."), parameters, names, said, tuple(steps))


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
        known = [*tables.GRAPH, *tables.IMPORTED, *subset_names()]
        raise UserError(f"no table {table}; known ones: {', '.join(known)}")
    return {name: column.dtype for name, column in schema.columns().items()}


def schema_class(table: str) -> Any:
    """The dataframely schema of a table of the graph or a subset, or None."""
    return tables.schema_class(table) or (tables.ChosenClips if table in subset_names() else None)


def subset_names() -> list[str]:
    return [*members(CHOSEN_CLIPS, subsets_folder())]
