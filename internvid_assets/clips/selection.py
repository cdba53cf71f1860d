"""Selects the frames of clips for later stages. Every stage that runs a model starts from these functions."""

from __future__ import annotations

import polars as pl


def kept(clips: pl.LazyFrame) -> pl.LazyFrame:
    """The clips that are not rejected."""
    return clips.filter(pl.col("error").is_null() & pl.col("rejection_reason").is_null())


def frames_of_kept(clips: pl.LazyFrame, clip_frames: pl.LazyFrame) -> pl.LazyFrame:
    """The stored frames of kept clips."""
    stored = clip_frames.filter(pl.col("error").is_null())
    return stored.join(kept(clips).select("clip_id"), on="clip_id", how="semi", maintain_order="left")


def center_frames(clips: pl.LazyFrame, clip_frames: pl.LazyFrame) -> pl.LazyFrame:
    """One row per kept clip: `frame_hash` of its centre frame."""
    frames = frames_of_kept(clips, clip_frames).filter(pl.col("is_center"))
    return frames.select("clip_id", "category", "frame_hash")


def second_frames(clips: pl.LazyFrame, clip_frames: pl.LazyFrame) -> pl.LazyFrame:
    """One row per 1 fps frame of a kept clip: `second` and `frame_hash`."""
    frames = frames_of_kept(clips, clip_frames).filter(pl.col("second").is_not_null())
    return frames.select("clip_id", "second", "category", "frame_hash").sort("clip_id", "second")


def frames_in_order(clips: pl.LazyFrame, clip_frames: pl.LazyFrame) -> pl.LazyFrame:
    """One row per kept clip: its 1 fps frames as lists in time order (`frame_hashes`, `frames_pts`, `frames_seconds`).

    Also has the clip's `start_seconds`.
    """
    frames = frames_of_kept(clips, clip_frames).filter(pl.col("second").is_not_null()).sort("clip_id", "second")
    grouped = frames.group_by("clip_id", maintain_order=True).agg(
        pl.col("category").first(),
        pl.col("frame_hash").alias("frame_hashes"),
        pl.col("pts").alias("frames_pts"),
        pl.col("timestamp_seconds").alias("frames_seconds"),
    )
    return grouped.join(clips.select("clip_id", "start_seconds"), on="clip_id", how="left", maintain_order="left")


def uniform_frames(clips: pl.LazyFrame, clip_frames: pl.LazyFrame, count: int) -> pl.LazyFrame:
    """One row per kept clip: `frame_hashes` of its `count` (4 or 8) uniform frames, in time order."""
    position = pl.col(f"uniform_{count}")
    frames = frames_of_kept(clips, clip_frames).filter(position.is_not_null()).sort("clip_id", position)
    grouped = frames.group_by("clip_id", maintain_order=True)
    return grouped.agg(pl.col("category").first(), pl.col("frame_hash").alias("frame_hashes"))
