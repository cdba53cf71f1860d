"""Near-duplicates in groups: who stands for whom when a subset wants one of them only."""

from __future__ import annotations

import numpy as np
import polars as pl


def grouped(pairs: pl.DataFrame) -> pl.DataFrame:
    """One row per clip of `pairs`: `representative_clip_id` and the cosine with it.

    The clip with the most near-duplicates (of as many, the smallest clip_id) stands for all of them that nobody stands
    for yet, and so on. So each clip is a near-duplicate of its representative, which chains of pairs would not
    promise, and no two representatives are near-duplicates.
    """
    ids = pl.concat([pairs["clip_id"], pairs["other_clip_id"]]).unique().sort()
    ends = np.stack([ids.search_sorted(pairs[name]).to_numpy() for name in ("clip_id", "other_clip_id")])
    stands_for = _representatives(np.concatenate([ends, ends[::-1]], axis=1), len(ids))
    rows = pl.DataFrame({"clip_id": ids, "representative_clip_id": ids.gather(stands_for)})
    return rows.join(_sides(pairs), on=["clip_id", "representative_clip_id"], how="left", maintain_order="left").select(
        "clip_id", "representative_clip_id", pl.col("cosine").fill_null(1.0)
    )


def _representatives(edges: np.ndarray, count: int) -> np.ndarray:
    """For each of `count` clips the number of its representative; `edges` [2, both directions of every pair]."""
    order = np.argsort(edges[0], kind="stable")
    starts = np.searchsorted(edges[0][order], np.arange(count + 1))
    near = edges[1][order]
    stands_for = np.full(count, -1)
    for clip in np.argsort(-np.diff(starts), kind="stable"):
        if stands_for[clip] < 0:
            mine = near[starts[clip] : starts[clip + 1]]
            stands_for[mine[stands_for[mine] < 0]] = clip
            stands_for[clip] = clip
    return stands_for


def _sides(pairs: pl.DataFrame) -> pl.DataFrame:
    """Both directions of every pair."""
    names = {"other_clip_id": "representative_clip_id"}
    forth = pairs.select("clip_id", "other_clip_id", "cosine").rename(names)
    back = pairs.select(
        pl.col("other_clip_id").alias("clip_id"), pl.col("clip_id").alias("representative_clip_id"), "cosine"
    )
    return pl.concat([forth, back])
