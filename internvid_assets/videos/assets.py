"""Videos: list what the sources offer, acquire the media files, then probe them and reject unsuitable ones."""

from typing import Any

import dagster as dg
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.feature import feature
from internvid_assets.home import Home
from internvid_assets.partitions import by_category
from internvid_assets.selects.assets import whole_table, written_whole
from internvid_assets.selects.damage import damage_named
from internvid_assets.videos.acquiring import acquire_videos
from internvid_assets.videos.candidates import list_candidates, to_be_spared
from internvid_assets.videos.eligibility import rejection_reason
from internvid_assets.videos.listings import open_listings
from internvid_assets.videos.probing import probe_videos
from internvid_assets.videos.sources import read_sources
from internvid_assets.videos.takedowns import TAKEN_DOWN, read_takedowns

OFFERED = [
    "source_uri",
    "file_size_bytes",
    "modified_nanoseconds",
    "sidecar_uris",
    "sidecars_modified_nanoseconds",
    "listing_error",
    "listing_error_message",
    "rejection_reason",
]
"""Columns that say where a candidate's media is, whether it changed, and whether it is to be acquired."""

LISTING = [f"internvid_assets.videos.{module}" for module in ("candidates", "folders", "lists", "listings", "sources")]


@dg.asset(**whole_table("takedowns", group="videos", code=["internvid_assets.videos.takedowns"], kinds={"polars"}))
@damage_named
def takedowns(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per video, and hash of its content, to be removed: no table keeps it, and no source adds it again."""
    return written_whole(home, "takedowns", read_takedowns(home.path))


@dg.asset(
    **whole_table("candidate_videos", group="videos", code=LISTING, kinds={"polars", "parquet", "ytdlp"}),
    partitions_def=by_category,
    deps=["action_queries", "query_translations", "known_videos", "takedowns"],
)
@damage_named
def candidate_videos(context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per candidate video: what the sources of this category list at the moment."""
    category, listings = context.partition_key, open_listings(home)
    taken_down = home.lake.scan("takedowns").select("video_id").collect()["video_id"]
    rows = list_candidates(read_sources(home.path), category, listings, to_be_spared(home), taken_down)
    for problem in listings.problems:
        context.log.warning(problem)
    by_source = dict(rows.group_by("source").len().sort("len", descending=True).head(50).iter_rows())
    return written_whole(home, "candidate_videos", rows, category, by_source=by_source, not_listed=listings.problems)


@feature(
    schema=tables.AcquiredVideos,
    reads=OFFERED,
    work=acquire_videos,
    version="3",
    code=[
        "internvid_assets.media.addresses",
        "internvid_assets.videos.fetching",
        "internvid_assets.videos.media_folder",
        "internvid_assets.videos.objects",
        "internvid_assets.videos.pages",
        "internvid_assets.videos.partials",
        "internvid_assets.videos.redirects",
        "internvid_assets.videos.refusals",
        "internvid_assets.videos.subtitle_names",
    ],
    batch_rows=100_000,
    kinds=["ytdlp"],
)
def acquired_videos(candidate_videos: pl.LazyFrame) -> pl.LazyFrame:
    """One row per candidate: where its media file is on this machine, and the metadata of its page (InternVid 3.1)."""
    return candidate_videos.select("video_id", "category", *OFFERED)


def judged(rows: pl.LazyFrame, parameters: Any, takedowns: pl.LazyFrame) -> pl.LazyFrame:
    """Add `rejection_reason`, the first rule that a video violates (InternVid 3.1).

    Copies of a removed video are recognised by the hash of their bytes, whatever their name.
    """
    rule = rejection_reason(
        min_duration_seconds=parameters.min_duration_seconds,
        max_duration_seconds=parameters.max_duration_seconds,
        min_short_side_pixels=parameters.min_short_side_pixels,
        exclude_known=parameters.exclude_known,
    )
    hashes = takedowns.filter(pl.col("content_hash") != "").select("content_hash", is_gone=True).unique()
    hashed = rows.join(hashes, on="content_hash", how="left", maintain_order="left")
    reason = pl.when(pl.col("is_gone") | (pl.col("error") == TAKEN_DOWN)).then(pl.lit(TAKEN_DOWN)).otherwise(rule)
    return hashed.with_columns(rejection_reason=reason).drop("is_gone")


@feature(
    schema=tables.Videos,
    reads=[
        "media_uri",
        "media_size_bytes",
        "media_modified_nanoseconds",
        "acquisition_error",
        "acquisition_error_message",
    ],
    work=probe_videos,
    version="2",
    code=["internvid_assets.media.probe", "internvid_assets.media.opening", "internvid_assets.media.decode"],
    finish=judged,
    derived=["rejection_reason"],
    batch_rows=32,
    kinds=["ffmpeg"],
)
def videos(candidate_videos: pl.LazyFrame, acquired_videos: pl.LazyFrame) -> pl.LazyFrame:
    """One row per candidate: its measured properties, and the reason if it was rejected (null: eligible)."""
    acquired = acquired_videos.select(
        "video_id",
        "media_uri",
        "media_size_bytes",
        "media_modified_nanoseconds",
        pl.col("title", "language", "licence").name.prefix("page_"),
        acquisition_error="error",
        acquisition_error_message="error_message",
    )
    offered = candidate_videos.select(
        "video_id", "category", "source_uri", "title", "language", "query", "licence", "known_dataset"
    )
    rows = offered.join(acquired, on="video_id", how="inner", maintain_order="left")
    either = {name: pl.coalesce(name, f"page_{name}") for name in ("title", "language", "licence")}
    return rows.with_columns(**either).drop("page_title", "page_language", "page_licence")
