"""The greedy semantic filter (ShareGPT4Video): a clip joins the pool when no clip in it has a caption so alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from internvid_assets.cells.lake import Lake
from internvid_assets.embeddings.index import matrix

BLOCK_ROWS = 1024
"""Candidates compared with the pool in one matrix product."""
POOL_ROWS = 65_536
"""Clips of the pool in one product: with a block of candidates, 270 MB of cosines."""


class Verdicts(NamedTuple):
    """For each candidate whether it is in the pool, and its nearest there of those before it (-1: none), and how near.

    `is_kept` bool [n], `nearest` int [n], `cosine` float [n], NaN where there is none.
    """

    is_kept: np.ndarray
    nearest: np.ndarray
    cosine: np.ndarray


def told_clips(lake: Lake, table: str, column: str) -> pl.DataFrame:
    """One row per clip that has a value in a column of a table; one of several categories comes from the first."""
    rows = lake.scan_all(table).drop_nulls(column).select("clip_id", "category", column)
    return rows.unique("clip_id", keep="first", maintain_order=True).collect()


def pooled(clips: pl.DataFrame, max_cosine: float) -> pl.DataFrame:
    """One row per clip of `clips` (clip_id, category, vector of unit length), as `semantic_pool` has it.

    Clips are taken in the order of a hash of their clip_id, which depends on nothing else: neither on their video nor
    on the order of tables. A clip in the pool is never put out by a later one; one that comes new may take the place of
    those behind it in the order.
    """
    ordered = clips.with_columns(order=clips["clip_id"].map_elements(order_of, return_dtype=pl.String)).sort("order")
    verdicts = greedy_pool(matrix(ordered["vector"]), max_cosine)
    nearest = pl.Series(verdicts.nearest).replace(-1, None)
    return ordered.select("clip_id", "category").with_columns(
        is_kept=pl.Series(verdicts.is_kept),
        nearest_clip_id=ordered["clip_id"].gather(nearest),
        cosine=pl.Series(verdicts.cosine).fill_nan(None),
    )


def order_of(clip_id: str) -> str:
    return hashlib.blake2b(clip_id.encode(), digest_size=16).hexdigest()


def greedy_pool(vectors: np.ndarray, max_cosine: float, *, block_rows: int = BLOCK_ROWS) -> Verdicts:
    """Takes unit vectors [n, d] one after the other: kept where no kept one before has a cosine of `max_cosine`.

    The pool is compared a block at a time; only what happens inside a block is one after the other.
    """
    count = len(vectors)
    is_kept, nearest, cosine = np.zeros(count, bool), np.full(count, -1), np.full(count, -np.inf)
    for start in range(0, count, block_rows):
        block = slice(start, min(start + block_rows, count))
        for pool in _parts(np.flatnonzero(is_kept)):
            _note(vectors[block] @ vectors[pool].T, pool, nearest[block], cosine[block])
        within = vectors[block] @ vectors[block].T
        for row in range(len(within)):
            pool = np.flatnonzero(is_kept[start : start + row])
            if pool.size:
                here = slice(start + row, start + row + 1)
                _note(within[row : row + 1, pool], start + pool, nearest[here], cosine[here])
            is_kept[start + row] = cosine[start + row] < max_cosine
    return Verdicts(is_kept, nearest, np.where(nearest < 0, np.nan, cosine))


def _parts(pool: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(pool), POOL_ROWS):
        yield pool[start : start + POOL_ROWS]


def _note(cosines: np.ndarray, pool: np.ndarray, nearest: np.ndarray, cosine: np.ndarray) -> None:
    """Put in the places of `nearest` and `cosine` what is nearer in `cosines` [candidates, pool]."""
    best = cosines.argmax(axis=1)
    alike = cosines[np.arange(len(best)), best]
    is_nearer = alike > cosine
    nearest[is_nearer], cosine[is_nearer] = pool[best[is_nearer]], alike[is_nearer]
