"""Which clips are also scored with another clip's caption: the baseline for scores of mismatched pairs."""

from __future__ import annotations

import polars as pl

PAIRS_PER_CATEGORY = 64
"""Over sixteen categories, this gives the mean score of mismatched pairs to within 3 % of its deviation."""


def with_other_captions(captioned: pl.LazyFrame, pairs: int = PAIRS_PER_CATEGORY) -> pl.LazyFrame:
    """At most `pairs` rows of clips with different captions, each with the next one's caption as `other_caption`.

    Clips are sorted by a hash of their ids, so that neighbours are unrelated, and adding or removing one changes at
    most two pairs. Another version of Polars may hash, and therefore pair, differently.
    """
    drawn = captioned.sort(pl.col("clip_id").hash(seed=42), "clip_id")
    drawn = drawn.unique("caption", keep="first", maintain_order=True).head(pairs)
    next_one = pl.col("caption").shift(-1).fill_null(pl.col("caption").first())
    return drawn.with_columns(other_caption=next_one).filter(pl.col("caption") != pl.col("other_caption"))
