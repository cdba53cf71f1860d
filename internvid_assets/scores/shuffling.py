"""Which clips are also scored with a stranger's caption: what a score is worth when video and caption do not belong."""

from __future__ import annotations

import polars as pl

PAIRS_PER_CATEGORY = 64
"""Over sixteen categories that tells the strangers' mean score to 3 % of its deviation."""


def with_other_captions(captioned: pl.LazyFrame, pairs: int = PAIRS_PER_CATEGORY) -> pl.LazyFrame:
    """At most `pairs` rows of differently captioned clips, each with the next one's caption as `other_caption`.

    Clips are in the order of a hash of their names, in which neighbours are strangers: one that comes or goes changes
    two pairs at most. Another version of Polars may hash, and so pair, otherwise.
    """
    drawn = captioned.sort(pl.col("clip_id").hash(seed=42), "clip_id")
    drawn = drawn.unique("caption", keep="first", maintain_order=True).head(pairs)
    next_one = pl.col("caption").shift(-1).fill_null(pl.col("caption").first())
    return drawn.with_columns(other_caption=next_one).filter(pl.col("caption") != pl.col("other_caption"))
