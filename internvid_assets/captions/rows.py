"""Input rows of keyframe captions, and the columns added when the tables are written."""

from __future__ import annotations

from typing import Any

import polars as pl

from internvid_assets.captions.hygiene import with_flaw


def numbered(rows: pl.LazyFrame, parameters: Any) -> pl.LazyFrame:
    """A failed call is one row, and a key must not be null: its `keyframe` is 0."""
    return rows.with_columns(pl.col("keyframe").fill_null(0))


def by_clip(keyframes: pl.LazyFrame) -> pl.LazyFrame:
    """One row per clip: `seconds` (from the clip's start) and `frame_hashes` of its keyframes, in time order."""
    fine = keyframes.filter(pl.col("error").is_null()).sort("clip_id", "keyframe")
    return fine.group_by("clip_id", maintain_order=True).agg(
        pl.col("category").first(),
        pl.col("into_clip_seconds").alias("seconds"),
        pl.col("frame_hash").alias("frame_hashes"),
    )


def numbered_and_judged(rows: pl.LazyFrame, parameters: Any) -> pl.LazyFrame:
    """As `numbered`, with the `flaw` of each caption."""
    return with_flaw(numbered(rows, parameters), parameters)


def told_or_seen(clips: pl.LazyFrame, keyframe_captions: pl.LazyFrame) -> pl.LazyFrame:
    """The differential `captions` of each clip, or its images if it has none; clips whose call failed are excluded."""
    failed = keyframe_captions.filter(pl.col("error").is_not_null())
    captioned = keyframe_captions.filter(pl.col("caption").is_not_null()).sort("clip_id", "keyframe")
    captions = captioned.group_by("clip_id").agg(pl.col("caption").alias("captions"))
    rows = clips.join(captions, on="clip_id", how="left", maintain_order="left")
    rows = rows.join(failed, on="clip_id", how="anti", maintain_order="left")
    no_pictures = pl.lit([], pl.List(pl.String))
    return rows.with_columns(
        pl.col("captions").fill_null([]),
        frame_hashes=pl.when(pl.col("captions").is_null()).then("frame_hashes").otherwise(no_pictures),
    )
