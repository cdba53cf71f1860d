"""Quality rules on the words of a caption: evaluated when the table is written, and only recorded as `flaw`."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import polars as pl

from internvid_assets.language.identification import is_surely_not
from internvid_assets.language.repetition import stutters

REFUSAL = (
    r"(?i)\b(?:i['’]?m sorry|i am sorry|as an ai|i (?:cannot|can['’]?t|can not|am unable to|['’]m unable to)"
    r"|unable to (?:see|view|describe|provide)|no image (?:was|is) (?:provided|attached))\b"
)
"""Refusals of chat models instead of a caption."""

BOILERPLATE = (
    r"(?i)^\W*(?:(?:sure|certainly|of course|here (?:is|are)|caption|description|answer)\b"
    r"|(?:in )?(?:the|this) (?:image|picture|photo|frame|video)\b)|<\|?\w+\|?>|\[(?:pad|cls|sep|unk|mask)\]"
)
"""Words about the image or the task instead of its content, and special tokens."""

STUTTERS_FROM = 3
"""A phrase repeated this many times in a row is a flaw."""
JUDGEMENTS_REMEMBERED = 2**17


def with_flaw(rows: pl.LazyFrame, parameters: Any) -> pl.LazyFrame:
    """Add `flaw`: the first rule that the caption violates; null if it violates none, or if there is no caption."""
    caption, words = pl.col("caption"), pl.col("caption").str.count_matches(r"\S+")
    flaw = (
        pl.when(caption.str.contains(REFUSAL))
        .then(pl.lit("refusal"))
        .when(caption.str.contains(BOILERPLATE))
        .then(pl.lit("boilerplate"))
        .when(_is(partial(stutters, times=STUTTERS_FROM)))
        .then(pl.lit("repetition"))
        .when(_is(partial(is_surely_not, language=parameters.language)) if parameters.language else False)
        .then(pl.lit("other_language"))
        .when(words < parameters.min_words)
        .then(pl.lit("too_short"))
        .when(words > parameters.max_words)
        .then(pl.lit("too_long"))
    )
    return rows.with_columns(flaw.alias("flaw"))


def _is(judge: Callable[[str], bool]) -> pl.Expr:
    """A rule in Python, evaluated once per distinct caption: equal ones are frequent, and Python is slow."""
    remembered = lru_cache(JUDGEMENTS_REMEMBERED)(judge)

    def judged(captions: pl.Series) -> pl.Series:
        return captions.is_in([caption for caption in captions.drop_nulls().unique() if remembered(caption)])

    return pl.col("caption").map_batches(judged, return_dtype=pl.Boolean, is_elementwise=True)
