"""Similar videos: the nearest neighbours of each video by the mean of its clips' embeddings, from a temporary index.

Below 10,000 videos the comparison is exact, as in `clip_index`; above, by an approximate index.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.lake import Lake
from internvid_assets.embeddings.index import APPROXIMATE_FROM_ROWS, matrix
from internvid_assets.embeddings.searching import REFINE_FACTOR

if TYPE_CHECKING:
    import pyarrow as pa

NEIGHBOURS = 8
"""Dropped neighbours are skipped: with p = 0.3 all eight are dropped for 1 video in 15,000."""
ASKED_AT_ONCE = 512
CLIPS_AT_ONCE = 50_000


def related_videos(lake: Lake, scratch: Path) -> Iterator[pl.DataFrame]:
    """Rows of `related_videos`, for every video with embedded clips that is not a copy of another."""
    import lancedb

    database = lancedb.connect(scratch / "videos")
    table: Any = None
    for category in tables.CATEGORIES:
        means = mean_vectors(_clips_of(lake, category))
        if means.height and table is None:
            table = database.create_table("videos", schema=_schema(means))
        for some in means.iter_slices(CLIPS_AT_ONCE):
            table.add(some.to_arrow().cast(table.schema))
    if table is not None:
        _index(table)
        for batch in table.search().select(["video_id", "vector"]).limit(table.count_rows()).to_batches():
            yield from (_nearest(table, some) for some in pl.DataFrame(batch).iter_slices(ASKED_AT_ONCE))


def mean_vectors(clips: pl.LazyFrame) -> pl.DataFrame:
    """One row per video of `clips` (video_id, video_embedding): the mean of its embeddings, of unit length.

    Memory holds one sum per video, regardless of the number of clips.
    """
    videos = clips.select(pl.col("video_id").unique()).collect().sort("video_id")
    if videos.is_empty():
        return videos
    size = len(clips.select("video_embedding").head(1).collect().item())
    sums = np.zeros((videos.height, size), np.float32)
    for batch in clips.collect_batches(chunk_size=CLIPS_AT_ONCE):
        rows = videos["video_id"].search_sorted(batch["video_id"]).to_numpy()
        np.add.at(sums, rows, matrix(batch["video_embedding"]))
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return videos.with_columns(vector=pl.Series(sums / np.maximum(lengths, np.finfo(np.float32).tiny)))


def _clips_of(lake: Lake, category: str) -> pl.LazyFrame:
    """A category's clips with embeddings; a video in several categories counts only in the one that keeps it."""
    copies = lake.scan("withheld_videos").filter(pl.col("reason") == "copy")
    clips = lake.scan("captioned_clips", category).join(copies, on=["video_id", "category"], how="anti")
    vectors = lake.scan("clip_embeddings", category).drop_nulls("video_embedding")
    return clips.join(vectors, on="clip_id").select("video_id", "video_embedding")


def _schema(means: pl.DataFrame) -> pa.Schema:
    import pyarrow as pa

    size = len(means["vector"][0])
    return pa.schema([pa.field("video_id", pa.string()), pa.field("vector", pa.list_(pa.float32(), size))])


def _index(table: Any) -> None:
    from lancedb.index import IvfFlat, IvfRq

    if table.count_rows() >= APPROXIMATE_FROM_ROWS:
        kind = IvfFlat if table.schema.field("vector").type.list_size % 8 else IvfRq
        table.create_index("vector", config=kind(distance_type="cosine"))


def _nearest(table: Any, videos: pl.DataFrame) -> pl.DataFrame:
    """The nearest other videos of each of `videos`, the most similar first."""
    query = table.search(list(matrix(videos["vector"])), vector_column_name="vector").distance_type("cosine")
    hits = query.refine_factor(REFINE_FACTOR).limit(NEIGHBOURS + 1).select(["video_id", "_distance"]).to_arrow()
    found = pl.DataFrame(hits).rename({"video_id": "other_video_id"})
    if videos.height == 1:  # the result of a single query has no query_index
        found = found.with_columns(query_index=pl.lit(0))
    asked = videos.select("video_id").with_row_index("query_index").cast({"query_index": pl.Int64})
    pairs = asked.join(found.cast({"query_index": pl.Int64}), on="query_index")
    others = pairs.filter(pl.col("video_id") != pl.col("other_video_id")).sort(
        "query_index", "_distance", "other_video_id"
    )
    ranked = others.with_columns(rank=pl.int_range(1, pl.len() + 1).over("query_index"))
    cosines = ranked.with_columns(cosine=1 - pl.col("_distance").cast(pl.Float64))
    return cosines.filter(pl.col("rank") <= NEIGHBOURS).select("video_id", "other_video_id", "rank", "cosine")
