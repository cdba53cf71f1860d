"""The rows that captions of keyframes are made for, and what is added when their tables are written."""

from __future__ import annotations

from typing import Any

import polars as pl

from internvid_assets.captions.hygiene import with_flaw


def placed(rows: pl.LazyFrame, parameters: Any) -> pl.LazyFrame:
    """What is known of each keyframe by its place among the clip's frames; a failed call is its clip's keyframe 0."""
    frame, seconds = pl.col("frame"), pl.col("frames_seconds").list.get(pl.col("frame"))
    return rows.with_columns(
        keyframe=pl.col("keyframe").fill_null(0),
        pts=pl.col("frames_pts").list.get(frame),
        timestamp_seconds=seconds,
        into_clip_seconds=(seconds - pl.col("start_seconds")).round(3),
        frame_hash=pl.col("frame_hashes").list.get(frame),
    )


def by_clip(keyframes: pl.LazyFrame) -> pl.LazyFrame:
    """One row per clip: `seconds` into it and `frame_hashes` of its keyframes, in time order."""
    fine = keyframes.filter(pl.col("error").is_null()).sort("clip_id", "keyframe")
    return fine.group_by("clip_id", maintain_order=True).agg(
        pl.col("category").first(),
        pl.col("into_clip_seconds").alias("seconds"),
        pl.col("frame_hash").alias("frame_hashes"),
    )


def timed_and_judged(rows: pl.LazyFrame, parameters: Any) -> pl.LazyFrame:
    """When each keyframe is, and what speaks against its caption; a failed call is its clip's keyframe 0."""
    number = pl.col("keyframe").fill_null(0)
    return with_flaw(
        rows.with_columns(keyframe=number, into_clip_seconds=pl.col("seconds").list.get(number)), parameters
    )


def told_or_seen(clips: pl.LazyFrame, keyframe_captions: pl.LazyFrame) -> pl.LazyFrame:
    """The `captions` of each clip that has any, the pictures of one that has none; clips whose call failed are out."""
    failed = keyframe_captions.filter(pl.col("error").is_not_null())
    told = keyframe_captions.filter(pl.col("caption").is_not_null()).sort("clip_id", "keyframe")
    captions = told.group_by("clip_id").agg(pl.col("caption").alias("captions"))
    rows = clips.join(captions, on="clip_id", how="left", maintain_order="left")
    rows = rows.join(failed, on="clip_id", how="anti", maintain_order="left")
    no_pictures = pl.lit([], pl.List(pl.String))
    return rows.with_columns(
        pl.col("captions").fill_null([]),
        frame_hashes=pl.when(pl.col("captions").is_null()).then("frame_hashes").otherwise(no_pictures),
    )
