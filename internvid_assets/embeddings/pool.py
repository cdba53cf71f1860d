"""The greedy semantic filter (ShareGPT4Video): a clip joins the pool if no caption in it is too similar to its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from internvid_assets.cells.lake import Lake
from internvid_assets.embeddings.index import matrix

BLOCK_ROWS = 1024
"""Candidates per matrix product with the pool."""
POOL_ROWS = 65_536
"""Clips of the pool per product: with a block of candidates, 270 MB of cosines."""


class Verdicts(NamedTuple):
    """For each candidate, whether it is in the pool, its nearest earlier clip in the pool, and their cosine.

    `is_kept` bool [n], `nearest` int [n] (-1: none), `cosine` float [n] (NaN: none).
    """

    is_kept: np.ndarray
    nearest: np.ndarray
    cosine: np.ndarray


def clips_with(lake: Lake, table: str, column: str) -> pl.DataFrame:
    """One row per clip with a value in a column of a table; a clip in several categories is taken from the first."""
    rows = lake.scan_all(table).drop_nulls(column).select("clip_id", "category", column)
    return rows.unique("clip_id", keep="first", maintain_order=True).collect()


def pooled(clips: pl.DataFrame, max_cosine: float) -> pl.DataFrame:
    """One row of `semantic_pool` per clip of `clips` (clip_id, category, vector of unit length).

    Clips are processed in the order of a hash of their clip_id, which depends neither on their video nor on the order
    of tables. A clip in the pool is never displaced by a later one; a newly added clip may displace clips after it in
    this order.
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
    """Processes unit vectors [n, d] in order: one is kept if its cosine with every kept one is below `max_cosine`.

    Candidates are compared with the pool in blocks; only the comparisons within a block are sequential.
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
    """Update `nearest` and `cosine` in place where `cosines` [candidates, pool] has a nearer one."""
    best = cosines.argmax(axis=1)
    alike = cosines[np.arange(len(best)), best]
    is_nearer = alike > cosine
    nearest[is_nearer], cosine[is_nearer] = pool[best[is_nearer]], alike[is_nearer]
