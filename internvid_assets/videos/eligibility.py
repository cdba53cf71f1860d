"""Which videos are eligible: rules over measured columns, so thresholds can change without probing again."""

from __future__ import annotations

import polars as pl


def rejection_reason(
    *,
    min_duration_seconds: float = 10.0,
    max_duration_seconds: float = 1800.0,
    min_short_side_pixels: int = 360,
    exclude_known: bool = True,
) -> pl.Expr:
    """The first rule that a row of `videos` violates; null: eligible. Defaults: InternVid 3.1 (10 s to 30 min, 360P).

    In order: known_dataset, the error of a failed probe, too_short, too_long, low_resolution, duplicate. Limits are
    inclusive. Of videos with equal bytes in the data frame (one category), the one with the smallest video_id is kept.
    A null measurement violates its rule.
    """
    duration = pl.col("duration_seconds")
    short_side = pl.min_horizontal("width_pixels", "height_pixels")
    first_of_its_bytes = pl.col("video_id").min().over("content_hash")
    return (
        pl.when(pl.col("known_dataset").is_not_null() & exclude_known)
        .then(pl.lit("known_dataset"))
        .when(pl.col("error").is_not_null())
        .then(pl.col("error"))
        .when((duration >= min_duration_seconds).fill_null(False).not_())
        .then(pl.lit("too_short"))
        .when(duration > max_duration_seconds)
        .then(pl.lit("too_long"))
        .when((short_side >= min_short_side_pixels).fill_null(False).not_())
        .then(pl.lit("low_resolution"))
        .when(pl.col("content_hash").is_not_null() & (pl.col("video_id") != first_of_its_bytes))
        .then(pl.lit("duplicate"))
        .alias("rejection_reason")
    )
