"""Which clips are kept: still clips and extreme dynamics are rejected (InternVid 3.1)."""

from __future__ import annotations

import polars as pl


def rejection_reason(*, max_still_motion: float, max_extreme_motion: float, min_duration_seconds: float) -> pl.Expr:
    """The first rule that a row of `clips` violates; null: kept.

    In order: the error of a failed call, too_short, still, extreme_motion.

    The paper filters "still or extreme dynamics" without a measure or thresholds; here the measure is `motion_mean`,
    the mean change of grey levels (0 to 255) between frames. A clip is still up to `max_still_motion`, and extreme
    above `max_extreme_motion`.
    """
    motion = pl.col("motion_mean")
    return (
        pl.when(pl.col("error").is_not_null())
        .then(pl.col("error"))
        .when(pl.col("duration_seconds") < min_duration_seconds)
        .then(pl.lit("too_short"))
        .when(motion <= max_still_motion)
        .then(pl.lit("still"))
        .when(motion > max_extreme_motion)
        .then(pl.lit("extreme_motion"))
        .alias("rejection_reason")
    )
