"""The folder `sql/`: what its files are, and which tables each one reads."""

from __future__ import annotations

import ast
import functools
import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.cells.recipes import Recipe
from internvid_assets.selects.lineage import tables_read, tables_read_each
from internvid_assets.selects.unions import ABOUT, CHOSEN_CLIPS, members, views

Kind = Literal["intermediate", "subsets", "interleaved", "marts", "checks"]
Severity = Literal["error", "warn"]
Value = bool | int | float | str
MAX_INTEGER = 2**63 - 1
"""The largest value of DuckDB's bigint."""

_TABLE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_GRAIN = re.compile(r"-- (One row per .+)")
_SEVERITY = re.compile(r"-- severity: (error|warn)")
_PARAMETER = re.compile(r"-- \$(\w+) = (.+?): (.+)")
_STEPS = re.compile(r"-- steps: (\w+(?:, \w+)*)")


@dataclass(frozen=True)
class Parameter:
    """A value that settings may override; `why` gives the source of the default."""

    name: str
    default: Value
    why: str


@dataclass(frozen=True)
class SqlFile:
    """One file of `sql/`: one select, named after the table it makes or the check it performs."""

    name: str
    kind: Kind
    text: str
    grain: str
    parameters: Mapping[str, Parameter]
    names: frozenset[str]
    severity: Severity | None = None
    steps: tuple[str, ...] = ()
    """Tables and `with` steps by which a subset narrows its selection; the rows of each are counted."""

    def tables(self) -> frozenset[str]:
        """The tables it reads; a union is replaced by its members."""
        return frozenset(chain.from_iterable(members(name, subsets_folder()) for name in self.names))

    def checked_table(self) -> str:
        """The table that a check is about: the first half of its name."""
        return self.name.partition("__")[0]

    def recipe(self, overrides: Mapping[str, Any] | None = None) -> Recipe:
        """What its rows depend on besides the tables it reads: its text, as the version, and its parameters."""
        version = hashlib.blake2b(self.text.encode(), digest_size=6).hexdigest()
        return Recipe(self.name, version, self.values(overrides))

    def values(self, overrides: Mapping[str, Any] | None = None) -> dict[str, Value]:
        """All parameter values; `overrides` take precedence over defaults. Raises UserError for an invalid one."""
        chosen: dict[str, Value] = {name: parameter.default for name, parameter in self.parameters.items()}
        for name, value in (overrides or {}).items():
            if name not in chosen:
                known = ", ".join(sorted(chosen)) or "none"
                raise UserError(f"{self.kind}.{self.name} has no parameter {name}; expected one of: {known}")
            chosen[name] = self._fitting(name, value)
        return chosen

    def _fitting(self, name: str, value: Any) -> Value:
        expected = type(self.parameters[name].default)
        if expected is float and type(value) is int:
            value = float(value)
        if type(value) is not expected:
            raise UserError(f"{self.kind}.{self.name}.{name} = {value!r}: expected {expected.__name__}")
        if outside := _violated_range(name, value):
            raise UserError(f"{self.kind}.{self.name}.{name} = {value!r}: expected {outside}")
        return value


def _violated_range(name: str, value: Value) -> str | None:
    """The range, implied by the parameter's name and type, that the value is not in; None if it is valid."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if name == "size" and not 0 <= value <= MAX_INTEGER:
        return f"0 to {MAX_INTEGER}"
    if name.endswith("fraction") and not 0 <= value <= 1:  # DuckDB counts a negative quantile from the other end
        return "0 to 1"
    if isinstance(value, int):
        return None if -MAX_INTEGER <= value <= MAX_INTEGER else f"-{MAX_INTEGER} to {MAX_INTEGER}"
    return None if math.isfinite(value) else "a finite number"


def sql_folder() -> Path:
    """Inside the package if installed from a wheel; next to the package in a checkout."""
    package = Path(__file__).parents[1]
    packaged = package / "sql"
    return packaged if packaged.is_dir() else package.parent / "sql"


def subsets_folder() -> Path:
    return sql_folder() / "subsets"


def unions() -> list[str]:
    """Statements that create all unions, in a connection with all tables."""
    return [*views(ABOUT, subsets_folder())]


@functools.cache
def sql_files(kind: Kind) -> tuple[SqlFile, ...]:
    """All files of one kind, each after the files that it reads."""
    paths = sorted((sql_folder() / kind).glob("*.sql"))
    parsed = {file.name: file for file in _parsed(paths, kind)}
    read = {name: sorted(file.names & parsed.keys()) for name, file in parsed.items()}
    try:
        return tuple(parsed[name] for name in TopologicalSorter(read).static_order())
    except CycleError as error:
        raise UserError(f"files of sql/{kind} depend on each other in a cycle: {', '.join(error.args[1])}") from None


def _parsed(paths: Sequence[Path], kind: Kind) -> Iterator[SqlFile]:
    """Each file, parsed; raises UserError naming the first invalid one."""
    texts = {path: _text(path) for path in paths}
    try:
        names = tables_read_each([*texts.values()])
    except ValueError:
        names = {}  # at least one is invalid: parse them one by one to name it
    for path, text in texts.items():
        try:
            yield parse(path.stem, kind, text, names.get(text))
        except (ValueError, SyntaxError) as error:
            message = " ".join(str(error).split()).removeprefix(f"{_place(path)}: ")
            raise UserError(f"{_place(path)}: {message}") from None


def _text(path: Path) -> str:
    if not _TABLE_NAME.fullmatch(path.stem):
        raise UserError(f"{_place(path)}: invalid table name; expected lower-case letters, digits and _")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{_place(path)} cannot be read: {error}") from None


def _place(path: Path) -> str:
    return f"sql/{path.parent.name}/{path.name}"


def sql_file(kind: Kind, name: str) -> SqlFile:
    """The file `sql/<kind>/<name>.sql`; raises UserError listing the existing ones."""
    for file in sql_files(kind):
        if file.name == name:
            return file
    known = ", ".join(file.name for file in sql_files(kind))
    raise UserError(f"no file sql/{kind}/{name}.sql; expected one of: {known}")


def parse(name: str, kind: Kind, text: str, names: frozenset[str] | None = None) -> SqlFile:
    """Parse the header: the grain on line 1, for checks the severity on line 2, parameters, steps; raises ValueError.

    `names` are the tables it names, if the caller already knows them.
    """
    header = list(_header(text))
    grain = _GRAIN.fullmatch(header[0]) if header else None
    if grain is None:
        raise ValueError(f"sql/{kind}/{name}.sql: line 1 must be '-- One row per ...'")
    severity = _SEVERITY.fullmatch(header[1]) if len(header) > 1 else None
    if (severity is not None) != (kind == "checks"):
        raise ValueError(f"sql/{kind}/{name}.sql: line 2 must be '-- severity: error|warn' in checks, and only there")
    parameters = {parameter.name: parameter for parameter in _parameters(header)}
    level: Any = severity and severity[1]
    names = tables_read(text) if names is None else names
    steps = next((match[1].split(", ") for line in header if (match := _STEPS.fullmatch(line))), [])
    return SqlFile(name, kind, text, grain[1].rstrip("."), parameters, names, level, tuple(steps))


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
        raise UserError(f"no table {table}; expected one of: {', '.join(known)}")
    return {name: column.dtype for name, column in schema.columns().items()}


def schema_class(table: str) -> Any:
    """The dataframely schema of a table of the graph or a subset, or None."""
    return tables.schema_class(table) or (tables.ChosenClips if table in subset_names() else None)


def subset_names() -> list[str]:
    return [*members(CHOSEN_CLIPS, subsets_folder())]
