"""The rows of the index: each clip's embeddings, and what a search shows or filters by."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.lake import Lake

SCORES = {"umt_scores": "umt_score", "aesthetic_scores": "aesthetic_score"}


def indexed_rows(lake: Lake) -> Iterator[pl.LazyFrame]:
    """The rows of each category. Missing scores are null: searches without them still work."""
    return (rows_of(lake, category) for category in tables.CATEGORIES)


def rows_of(lake: Lake, category: str) -> pl.LazyFrame:
    """One row per embedded clip that still exists. Left joins keep the right side in memory, not the vectors."""
    rows = lake.scan("clip_embeddings", category).filter(pl.col("error").is_null())
    clips = lake.scan("clips", category).select(
        "clip_id", "video_id", "start_seconds", "end_seconds", "duration_seconds"
    )
    captions = lake.scan("fused_captions", category).select("clip_id", "caption")
    for table in [clips, captions, *(lake.scan(name, category).select("clip_id", SCORES[name]) for name in SCORES)]:
        rows = rows.join(table, on="clip_id", how="left", maintain_order="left")
    made_from = ["recipe", "input_hash", *SCORES.values()]
    version = pl.concat_str([pl.col(name).cast(pl.String).fill_null("-") for name in made_from], separator="/")
    return rows.drop_nulls(["video_id", "caption"]).with_columns(version=version)
