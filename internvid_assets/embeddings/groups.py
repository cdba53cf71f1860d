"""Groups of near-duplicates and their representatives, for subsets that keep one clip of each group."""

from __future__ import annotations

import numpy as np
import polars as pl


def grouped(pairs: pl.DataFrame) -> pl.DataFrame:
    """One row per clip of `pairs`: `representative_clip_id` and the cosine with it.

    Greedy: the clip with the most near-duplicates (ties: the smallest clip_id) becomes the representative of those that
    have none yet, and so on. So each clip is a near-duplicate of its representative, which connected components would
    not guarantee, and no two representatives are near-duplicates.
    """
    ids = pl.concat([pairs["clip_id"], pairs["other_clip_id"]]).unique().sort()
    ends = np.stack([ids.search_sorted(pairs[name]).to_numpy() for name in ("clip_id", "other_clip_id")])
    representatives = _representatives(np.concatenate([ends, ends[::-1]], axis=1), len(ids))
    rows = pl.DataFrame({"clip_id": ids, "representative_clip_id": ids.gather(representatives)})
    return rows.join(_sides(pairs), on=["clip_id", "representative_clip_id"], how="left", maintain_order="left").select(
        "clip_id", "representative_clip_id", pl.col("cosine").fill_null(1.0)
    )


def _representatives(edges: np.ndarray, count: int) -> np.ndarray:
    """The index of the representative of each of `count` clips; `edges` [2, both directions of every pair]."""
    order = np.argsort(edges[0], kind="stable")
    starts = np.searchsorted(edges[0][order], np.arange(count + 1))
    near = edges[1][order]
    found = np.full(count, -1)
    for clip in np.argsort(-np.diff(starts), kind="stable"):
        if found[clip] < 0:
            mine = near[starts[clip] : starts[clip + 1]]
            found[mine[found[mine] < 0]] = clip
            found[clip] = clip
    return found


def _sides(pairs: pl.DataFrame) -> pl.DataFrame:
    """Both directions of every pair."""
    names = {"other_clip_id": "representative_clip_id"}
    forth = pairs.select("clip_id", "other_clip_id", "cosine").rename(names)
    back = pairs.select(
        pl.col("other_clip_id").alias("clip_id"), pl.col("clip_id").alias("representative_clip_id"), "cosine"
    )
    return pl.concat([forth, back])
