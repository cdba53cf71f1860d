"""The toy feature of the cell tests: a text is split into words; some texts fail, once or always."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import dataframely as dy
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Feature, Outcome, Work
from internvid_assets.cells.recipes import Recipe

CATEGORY = "music"


class Texts(dy.Schema):
    """One row per text."""

    text_id = dy.String(primary_key=True)
    category = dy.String()
    text = dy.String()


class Words(tables.Called):
    """One row per word of a text; `shout` is a judgement, made when the table is written."""

    text_id = dy.String(primary_key=True)
    position = dy.Int32(primary_key=True)
    category = dy.String()
    word = dy.String(nullable=True)
    shout = dy.String(nullable=True)


def texts(rows: dict[str, str]) -> pl.LazyFrame:
    """An upstream table from {text_id: text}."""
    ids = sorted(rows)
    columns = {"text_id": ids, "category": [CATEGORY] * len(ids), "text": [rows[text_id] for text_id in ids]}
    return pl.LazyFrame(columns, schema={"text_id": pl.String, "category": pl.String, "text": pl.String})


def _upstream(texts: pl.LazyFrame) -> pl.LazyFrame:
    return texts.select("text_id", "category", "text")


def _finish(rows: pl.LazyFrame, judgement: Any) -> pl.LazyFrame:
    """A failed call stands at position 0, as a key may not be null."""
    shout = pl.col("word").str.to_uppercase() if judgement == "loud" else pl.col("word")
    return rows.with_columns(pl.col("position").fill_null(0), shout=shout)


WORDS = Feature(
    name="words",
    schema=Words,
    description="",
    upstream=_upstream,
    reads=("text",),
    work=lambda bench: lambda batch: [],
    version="1",
    code=("internvid_assets.cells.errors",),
    finish=_finish,
    derived=("shout",),
    batch_rows=3,
)


def recipe(suffix: str = "") -> Recipe:
    return Recipe("words", "1", {"suffix": suffix})


def words_of(text: str, suffix: str = "") -> list[dict[str, Any]]:
    return [{"position": i, "word": word + suffix} for i, word in enumerate(text.split())]


class Splitter:
    """The work, which remembers what it was asked; `broken` and `hopeless` texts fail until they are taken out of it.

    A hopeless one fails for good; a broken one as `retryable` says.
    """

    def __init__(
        self, suffix: str = "", broken: Collection[str] = (), retryable: bool = True, hopeless: Collection[str] = ()
    ) -> None:
        self.suffix, self.broken, self.retryable, self.hopeless = suffix, set(broken), retryable, set(hopeless)
        self.asked: list[str] = []

    @contextmanager
    def __call__(self) -> Iterator[Work]:
        yield self.answer

    def answer(self, batch: pl.DataFrame) -> list[Outcome]:
        self.asked.extend(batch["text"])
        return [self._outcome(text) for text in batch["text"]]

    def _outcome(self, text: str) -> Outcome:
        if text in self.broken:
            return CallError("broken", f"{text} is broken", retryable=self.retryable)
        if text in self.hopeless:
            return CallError("hopeless", f"{text} is hopeless", retryable=False)
        return words_of(text, self.suffix)
