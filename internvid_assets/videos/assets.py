"""Videos: list what the sources offer, then probe and judge it."""

from typing import Any

import dagster as dg
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.feature import feature
from internvid_assets.home import Home
from internvid_assets.partitions import by_category
from internvid_assets.selects.assets import check_results, check_specs
from internvid_assets.videos.eligibility import rejection_reason
from internvid_assets.videos.probing import probe_videos
from internvid_assets.videos.sources import list_candidates, read_sources


@dg.asset(
    group_name="videos",
    partitions_def=by_category,
    kinds={"polars", "parquet"},
    check_specs=check_specs("candidate_videos"),
)
def candidate_videos(context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per video somebody offered: what the sources of this category hold at this moment."""
    category = context.partition_key
    rows = list_candidates(read_sources(home.path), category)
    version = home.lake.write(rows.lazy(), "candidate_videos", category, schema=tables.CandidateVideos)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.data_version),
        metadata={"dagster/partition_row_count": version.rows},
        check_results=[*check_results(home, "candidate_videos", category)],
    )


def judged(rows: pl.LazyFrame, parameters: Any) -> pl.LazyFrame:
    """Add `rejection_reason`, the first rule a video breaks (InternVid 3.1)."""
    rule = rejection_reason(
        min_duration_seconds=parameters.min_duration_seconds,
        max_duration_seconds=parameters.max_duration_seconds,
        min_short_side_pixels=parameters.min_short_side_pixels,
    )
    return rows.with_columns(rejection_reason=rule)


@feature(
    schema=tables.Videos,
    reads=["source_uri", "file_size_bytes", "modified_nanoseconds"],
    work=probe_videos,
    version="1",
    code=["internvid_assets.media.probe", "internvid_assets.media.opening", "internvid_assets.media.decode"],
    finish=judged,
    derived=["rejection_reason"],
    batch_rows=32,
    kinds=["ffmpeg"],
)
def videos(candidate_videos: pl.LazyFrame) -> pl.LazyFrame:
    """One row per candidate: probed and judged, with the reason it was rejected (null: eligible)."""
    columns = ["video_id", "category", "source_uri", "title", "language", "query"]
    return candidate_videos.select(*columns, "file_size_bytes", "modified_nanoseconds")
