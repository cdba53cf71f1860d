"""Which clips move as a video should: stills and extreme dynamics are judged away (InternVid 3.1)."""

from __future__ import annotations

import polars as pl


def rejection_reason(*, max_still_motion: float, max_extreme_motion: float, min_duration_seconds: float) -> pl.Expr:
    """The first rule a row of `clips` breaks, null when kept.

    In order: the error of a failed call, too_short, still, extreme_motion.

    The paper filters "still or extreme dynamics" and names neither measure nor threshold; here it is `motion_mean`,
    the mean change of grey levels (0 to 255) from frame to frame. A clip is still up to `max_still_motion`, extreme
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
