"""What speaks against a caption by its words alone: a judgement, made when the table is written, and nothing more."""

from __future__ import annotations

from typing import Any

import polars as pl

REFUSAL = (
    r"(?i)\b(?:i['’]?m sorry|i am sorry|as an ai|i (?:cannot|can['’]?t|can not|am unable to|['’]m unable to)"
    r"|unable to (?:see|view|describe|provide)|no image (?:was|is) (?:provided|attached))\b"
)
"""What chat models say in place of a caption."""

BOILERPLATE = (
    r"(?i)^\W*(?:(?:sure|certainly|of course|here (?:is|are)|caption|description|answer)\b"
    r"|(?:in )?(?:the|this) (?:image|picture|photo|frame|video)\b)|<\|?\w+\|?>|\[(?:pad|cls|sep|unk|mask)\]"
)
"""Talk about the picture or the task rather than what is seen, and tokens that should not show."""


def with_flaw(rows: pl.LazyFrame, parameters: Any) -> pl.LazyFrame:
    """Adds `flaw`: the first rule that the caption breaks; null where it breaks none, or there is none."""
    caption, words = pl.col("caption"), pl.col("caption").str.count_matches(r"\S+")
    flaw = (
        pl.when(caption.str.contains(REFUSAL))
        .then(pl.lit("refusal"))
        .when(caption.str.contains(BOILERPLATE))
        .then(pl.lit("boilerplate"))
        .when(words < parameters.min_words)
        .then(pl.lit("too_short"))
        .when(words > parameters.max_words)
        .then(pl.lit("too_long"))
    )
    return rows.with_columns(flaw.alias("flaw"))
