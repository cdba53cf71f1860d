"""What a feature asset declares: its input rows, the columns that a call reads, and the work itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import dataframely as dy
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.recipes import Recipe, code_hash
from internvid_assets.parameters import Parameters
from internvid_assets.settings import Settings

if TYPE_CHECKING:
    from internvid_assets.cells.bench import Bench

Payload: TypeAlias = Mapping[str, Any]
Outcome: TypeAlias = Payload | Sequence[Payload] | CallError
"""The result of a call: one row, a sequence of rows (possibly empty), or its failure."""

Work: TypeAlias = Callable[[pl.DataFrame], Sequence[Outcome] | Iterator[Mapping[int, Outcome]]]
"""Makes a micro-batch of calls: returns one outcome per row, in order; or yields them by row index when ready."""


@dataclass(frozen=True)
class Feature:
    """A table in which every row is a stored call. Created by `@feature`; independent of Dagster."""

    name: str
    schema: type[dy.Schema]
    description: str
    upstream: Callable[..., pl.LazyFrame]
    """From the tables named by its parameters to one row per call: keys, the columns read, and columns passed on."""
    reads: tuple[str, ...]
    """The columns that a call depends on: they are hashed. Other columns only help to locate the input."""
    work: Callable[[Bench], Work]
    """Sets up what the calls need (a model, worker processes), once per run and only if calls are pending."""
    version: str
    code: tuple[str, ...]
    """Modules whose code determines the result; recipes.lock detects changes to them."""
    models: tuple[str, ...] = ()
    borrows: tuple[str, ...] = ()
    """Settings of other assets that the calls also read, such as `videos.max_pixels`: part of the recipe."""
    prompt: Callable[[Settings], str] | None = None
    given: Callable[[Settings], Mapping[str, Any]] | None = None
    """Keyword arguments of `upstream` that depend on the settings, such as the number of frames per clip."""
    finish: Callable[..., pl.LazyFrame] | None = None
    """Adds the `derived` columns when the table is written: keys computed from the payload, and rejection reasons.
    Takes the rows, the parameters, and the tables named by its other parameters."""
    derived: tuple[str, ...] = ()
    compared: str | None = None
    """A numeric column whose ranking a check compares with that of the previous recipe."""
    batch_rows: int = 64
    kinds: frozenset[str] = field(default_factory=frozenset)
    picture: Callable[[pl.LazyFrame, Any], bytes | None] | None = None
    """From the finished table and the frame store to a JPEG for the UI, such as a contact sheet."""

    @property
    def is_partitioned(self) -> bool:
        """Whether the table has one file per category instead of a single file."""
        return self.name in tables.PER_CATEGORY

    @property
    def upstream_tables(self) -> tuple[str, ...]:
        arguments = inspect.signature(self.upstream).parameters.values()
        return tuple(each.name for each in arguments if each.kind is not each.KEYWORD_ONLY)

    @property
    def tables_judged_by(self) -> tuple[str, ...]:
        """The tables that `finish` reads: if they change, no call is made, but the table is rewritten."""
        return tuple(inspect.signature(self.finish).parameters)[2:] if self.finish else ()

    def judged(self, rows: pl.LazyFrame, parameters: Any, **judged_by: pl.LazyFrame) -> pl.LazyFrame:
        """The rows with the derived columns."""
        return self.finish(rows, parameters, **judged_by) if self.finish else rows

    def recipe(self, settings: Settings, identities: Mapping[str, tuple[str, str]]) -> Recipe:
        """`identities` maps each capability to the model (name, weights revision) that the profile assigns to it."""
        return Recipe(
            asset=self.name,
            version=self.version,
            parameters={**self.parameters(settings).of_recipe(), **self.borrowed(settings)},
            models=tuple(identities[capability] for capability in self.capabilities(settings)),
            prompt=self.prompt(settings) if self.prompt else None,
        )

    def parameters(self, settings: Settings) -> Parameters:
        return settings.parameters(self.name)

    def capabilities(self, settings: Settings) -> tuple[str, ...]:
        """The capabilities that its calls use: its own, and those that the parameters add."""
        return (*self.models, *self.parameters(settings).models())

    def borrowed(self, settings: Settings) -> dict[str, Any]:
        """The values of the settings in `borrows`, by full name."""
        places = {place: place.split(".") for place in self.borrows}
        return {place: getattr(settings.parameters(section), key) for place, (section, key) in places.items()}

    def code_hash(self) -> str:
        return code_hash(self.code)

    def payload(self) -> dict[str, pl.DataType]:
        """The columns that a call returns: those of the table that are not passed on, derived, or about the call."""
        given = {*self.carried(), *self.derived, *tables.Called.column_names()}
        return {name: dtype for name, dtype in schema_of(self.schema).items() if name not in given}

    def carried(self) -> list[str]:
        """The table's columns that are passed on from the upstream row."""
        rows = self.upstream(*(empty_table(name).lazy() for name in self.upstream_tables)).collect_schema()
        return [name for name in self.schema.column_names() if name in rows.names()]


def feature(
    *,
    schema: type[dy.Schema],
    reads: Sequence[str],
    work: Callable[[Bench], Work],
    version: str,
    code: Sequence[str] = (),
    models: Sequence[str] = (),
    borrows: Sequence[str] = (),
    prompt: Callable[[Settings], str] | None = None,
    given: Callable[[Settings], Mapping[str, Any]] | None = None,
    finish: Callable[..., pl.LazyFrame] | None = None,
    derived: Sequence[str] = (),
    compared: str | None = None,
    batch_rows: int = 64,
    kinds: Sequence[str] = (),
    picture: Callable[[pl.LazyFrame, Any], bytes | None] | None = None,
) -> Callable[[Callable[..., pl.LazyFrame]], Feature]:
    """Declare a feature asset: the decorated function selects the rows, its parameters name the upstream tables."""

    def declare(upstream: Callable[..., pl.LazyFrame]) -> Feature:
        return Feature(
            name=upstream.__name__,
            schema=schema,
            description=inspect.getdoc(upstream) or "",
            upstream=upstream,
            reads=tuple(reads),
            work=work,
            version=version,
            code=tuple(dict.fromkeys((work.__module__, *code))),
            models=tuple(models),
            borrows=tuple(borrows),
            prompt=prompt,
            given=given,
            finish=finish,
            derived=tuple(derived),
            compared=compared,
            batch_rows=batch_rows,
            kinds=frozenset(kinds),
            picture=picture,
        )

    return declare


def schema_of(schema: type[dy.Schema]) -> dict[str, pl.DataType]:
    """Column names and Polars types: keys and values first, columns about the call last."""
    types = {name: column.dtype for name, column in schema.columns().items()}
    about_call = {name: types.pop(name) for name in tables.Called.column_names() if name in types}
    return {**types, **about_call}


def empty_table(name: str) -> pl.DataFrame:
    """A table of the graph without rows, with its columns and types."""
    schema = tables.schema_class(name)
    if schema is None:
        raise ValueError(f"an asset reads {name}, but tables.py does not define this table")
    return pl.DataFrame(schema=schema_of(schema))
