"""Clips: split eligible videos, reject clips by their motion, and store the frames that later stages need."""

from __future__ import annotations

from typing import Any

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.feature import feature
from internvid_assets.clips.contact_sheet import contact_sheet
from internvid_assets.clips.motion import rejection_reason
from internvid_assets.clips.splitting import sample_clips, split_videos


def keyed_and_judged(rows: pl.LazyFrame, parameters: Any) -> pl.LazyFrame:
    """Add `clip_id` from exact times, the duration, and the first rule that the clip violates (InternVid 3.1)."""
    rule = rejection_reason(
        max_still_motion=parameters.max_still_motion,
        max_extreme_motion=parameters.max_extreme_motion,
        min_duration_seconds=parameters.min_duration_seconds,
    )
    times = [pl.col("start_pts").cast(pl.String), pl.col("end_pts").cast(pl.String)]
    rows = rows.with_columns(
        clip_id=pl.concat_str(["video_id", *times], separator="_", ignore_nulls=True),
        duration_seconds=pl.col("end_seconds") - pl.col("start_seconds"),
    )
    return rows.with_columns(rejection_reason=rule)


@feature(
    schema=tables.Clips,
    reads=["content_hash"],
    work=split_videos,
    version="2",
    code=[
        "internvid_assets.clips.cuts",
        "internvid_assets.clips.frames",
        "internvid_assets.clips.looking",
        "internvid_assets.clips.spans",
        "internvid_assets.clips.splitters",
        "internvid_assets.clips.stitching",
        "internvid_assets.clips.transitions",
        "internvid_assets.media.decode",
        "internvid_assets.media.needed",
        "internvid_assets.media.opening",
        "internvid_assets.media.sampling",
        "internvid_assets.models.transformers_clip",
        "internvid_assets.models.transformers_loading",
        "internvid_assets.models.batching",
        "internvid_assets.models.transnet_v2",
    ],
    borrows=["videos.max_pixels"],
    finish=keyed_and_judged,
    derived=["clip_id", "duration_seconds", "rejection_reason"],
    batch_rows=256,
    kinds=["ffmpeg"],
)
def clips(videos: pl.LazyFrame) -> pl.LazyFrame:
    """One row per clip, a half-open span between two cuts of an eligible video; rejected by its motion, or kept."""
    eligible = videos.filter(pl.col("error").is_null() & pl.col("rejection_reason").is_null())
    return eligible.select("video_id", "category", "content_hash", "media_uri")


def at_start_if_failed(rows: pl.LazyFrame, parameters: Any) -> pl.LazyFrame:
    """A failed call is one row, and a key must not be null: its `pts` is the clip's start."""
    return rows.with_columns(pts=pl.coalesce("pts", "start_pts"))


@feature(
    schema=tables.ClipFrames,
    reads=["content_hash", "start_pts", "end_pts"],
    work=sample_clips,
    version="3",
    code=[
        "internvid_assets.clips.frames",
        "internvid_assets.media.decode",
        "internvid_assets.media.needed",
        "internvid_assets.media.opening",
        "internvid_assets.media.sampling",
    ],
    borrows=["videos.max_pixels"],
    finish=at_start_if_failed,
    batch_rows=1024,
    kinds=["ffmpeg", "lance"],
    picture=contact_sheet,
)
def clip_frames(videos: pl.LazyFrame, clips: pl.LazyFrame) -> pl.LazyFrame:
    """One row per sampled frame of a clip: 1 fps, centre, 4 and 8 uniform; the image is in the frame store."""
    spans = clips.filter(pl.col("error").is_null())
    spans = spans.select("clip_id", "video_id", "category", "content_hash", "start_pts", "end_pts")
    located = spans.join(videos.select("video_id", "media_uri"), on="video_id", how="inner", maintain_order="left")
    return located.sort("video_id", "start_pts")
