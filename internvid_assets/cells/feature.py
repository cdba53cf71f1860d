"""What a feature asset declares: the rows it is made for, the columns a call reads, and the work itself."""

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
"""What a call answers: one row, many rows or none, or its failure."""

Work: TypeAlias = Callable[[pl.DataFrame], Sequence[Outcome] | Iterator[Mapping[int, Outcome]]]
"""Answers a micro-batch of calls: one outcome per row, in the rows' order; or in pieces, by row, as they come."""


@dataclass(frozen=True)
class Feature:
    """A table in which every row is a remembered call. Made by `@feature`; pure, it knows no Dagster."""

    name: str
    schema: type[dy.Schema]
    description: str
    upstream: Callable[..., pl.LazyFrame]
    """From the tables its parameters name to one row per call: keys, columns that are read, others that are carried."""
    reads: tuple[str, ...]
    """The columns a call depends on: they are hashed. Whatever else a row has only helps to find the input."""
    work: Callable[[Bench], Work]
    """Opens what the calls need (a model, worker processes), once per run and only when something is pending."""
    version: str
    code: tuple[str, ...]
    """Modules whose code makes the result; recipes.lock notices when they change."""
    models: tuple[str, ...] = ()
    borrows: tuple[str, ...] = ()
    """Settings of other assets that the calls read too, such as `videos.max_pixels`: part of the recipe."""
    prompt: Callable[[Settings], str] | None = None
    given: Callable[[Settings], Mapping[str, Any]] | None = None
    """Keyword arguments of `upstream` that settings decide, such as how many frames of a clip a model looks at."""
    finish: Callable[..., pl.LazyFrame] | None = None
    """Adds the `derived` columns when the table is written: keys made of payload, and judgements. Takes the rows, the
    parameters, and the tables that its other parameters name."""
    derived: tuple[str, ...] = ()
    compared: str | None = None
    """A column of numbers whose order a check compares with that of the recipe before."""
    batch_rows: int = 64
    kinds: frozenset[str] = field(default_factory=frozenset)
    picture: Callable[[pl.LazyFrame, Any], bytes | None] | None = None
    """From the finished table and the frame store to a JPEG for the UI: a look at the rows."""

    @property
    def is_partitioned(self) -> bool:
        """Whether the table has one file per category, rather than a single one."""
        return self.name in tables.PER_CATEGORY

    @property
    def upstream_tables(self) -> tuple[str, ...]:
        arguments = inspect.signature(self.upstream).parameters.values()
        return tuple(each.name for each in arguments if each.kind is not each.KEYWORD_ONLY)

    @property
    def tables_judged_by(self) -> tuple[str, ...]:
        """The tables that `finish` reads: a change there makes no call, and the table is written anew all the same."""
        return tuple(inspect.signature(self.finish).parameters)[2:] if self.finish else ()

    def judged(self, rows: pl.LazyFrame, parameters: Any, **judged_by: pl.LazyFrame) -> pl.LazyFrame:
        """The rows with the derived columns."""
        return self.finish(rows, parameters, **judged_by) if self.finish else rows

    def recipe(self, settings: Settings, identities: Mapping[str, tuple[str, str]]) -> Recipe:
        """`identities` maps each capability to the model (name, weights revision) that the profile gives it."""
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
        """The models its calls ask: its own, and those that these parameters bring along."""
        return (*self.models, *self.parameters(settings).models())

    def borrowed(self, settings: Settings) -> dict[str, Any]:
        """The values of the settings in `borrows`, by their full names."""
        places = {place: place.split(".") for place in self.borrows}
        return {place: getattr(settings.parameters(section), key) for place, (section, key) in places.items()}

    def code_hash(self) -> str:
        return code_hash(self.code)

    def payload(self) -> dict[str, pl.DataType]:
        """The columns a call returns: those of the table that are neither carried, nor derived, nor about the call."""
        given = {*self.carried(), *self.derived, *tables.Called.column_names()}
        return {name: dtype for name, dtype in schema_of(self.schema).items() if name not in given}

    def carried(self) -> list[str]:
        """The table's columns that come with the upstream row."""
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
    """Declare a feature asset: the decorated function picks the rows, its parameters are the upstream tables."""

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
    """Column names and Polars types, keys and values first, what is said about the call last."""
    types = {name: column.dtype for name, column in schema.columns().items()}
    about_call = {name: types.pop(name) for name in tables.Called.column_names() if name in types}
    return {**types, **about_call}


def empty_table(name: str) -> pl.DataFrame:
    """No rows of a table of the graph, with its columns and types."""
    schema = tables.schema_class(name)
    if schema is None:
        raise ValueError(f"an asset reads {name}, but tables.py has no such table")
    return pl.DataFrame(schema=schema_of(schema))
