"""The common rows of all formats: one row per clip, with the reason if it is rejected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from internvid_assets import tables

IDS = ("youtubeid", "youtube_id", "videoid", "video_id", "ytid", "id")
"""Names of a column of video ids, case-insensitive: InternVid has `YoutubeID`, Panda-70M `videoID`."""

ROW: dict[str, Any] = {
    name: column.dtype for name, column in tables.ImportedClips.columns().items() if name != "dataset"
}
"""Columns of a row on reading: `imported_clips` without the dataset's name."""

ABOUT_THE_LINE = ("line", "position", "rejection_reason", "line_text")
CONTENT: dict[str, Any] = {name: dtype for name, dtype in ROW.items() if name not in ABOUT_THE_LINE}
"""Columns of a row on writing: those about the clip itself."""

SCORES = ("aesthetic_score", "umt_score", "matching_score")
MAX_TEXT_CHARACTERS = 2_000
_CAPTIONS = ("more_captions", "long_captions", "keyframe_captions")


def judged(rows: pl.DataFrame, text_of: Callable[[int], str]) -> pl.DataFrame:
    """`rows` with all columns of `ROW`; invalid ones have a reason and the text of their line.

    Their column `problem` is a reason found while reading; `text_of` returns the text of a line.
    """
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in ROW.items() if name not in rows.columns]
    said = (pl.col(name).list.eval(pl.element().filter(pl.element().is_not_null())) for name in _CAPTIONS)
    whole = (
        rows.with_columns(missing)
        .with_columns(said)
        .with_columns(
            pl.col("position").fill_null(0),
            *(pl.when(pl.col(score).is_finite()).then(pl.col(score)) for score in SCORES),
            rejection_reason=pl.coalesce("problem", _rejection_reason()),
        )
    )
    is_rejected = pl.col("rejection_reason").is_not_null()
    lines = whole.filter(is_rejected)["line"].unique()
    texts = {line: text_of(line)[:MAX_TEXT_CHARACTERS] for line in lines}
    text = pl.col("line").replace_strict(texts, default=None, return_dtype=pl.String)
    return whole.with_columns(line_text=pl.when(is_rejected).then(text)).select(
        pl.col(name).cast(dtype) for name, dtype in ROW.items()
    )


def _rejection_reason() -> pl.Expr:
    unnamed = _blank("video_id") & _blank("video_path") & _blank("clip_id")
    unsaid = _blank("caption") & pl.all_horizontal(pl.col(name).list.len().fill_null(0) == 0 for name in _CAPTIONS)
    return (
        pl.when(unnamed)
        .then(pl.lit("names_no_video"))
        .when(~(pl.col("start_seconds").is_finite() & pl.col("end_seconds").is_finite()))
        .then(pl.lit("times_not_understood"))
        .when(pl.col("start_seconds") >= pl.col("end_seconds"))
        .then(pl.lit("ends_before_it_starts"))
        .when(unsaid)
        .then(pl.lit("no_caption"))
    )


def _blank(column: str) -> pl.Expr:
    return pl.col(column).fill_null("").str.strip_chars() == ""


def seconds_of(timestamp: pl.Expr) -> pl.Expr:
    """Seconds from `HH:MM:SS.mmm`, `H:MM:SS` and the like; null for any other text."""
    part = timestamp.str.extract_groups(r"^([0-9]{1,4}):([0-5]?[0-9]):([0-5]?[0-9](?:\.[0-9]{1,9})?)$").struct
    whole = 3600 * part[0].cast(pl.Int64) + 60 * part[1].cast(pl.Int64)
    return whole + part[2].cast(pl.Float64)


def without_times() -> pl.Expr:
    """`problem`, or `times_not_understood` if a time is missing, for formats whose clips are spans of a video."""
    is_without = pl.col("start_seconds").is_null() | pl.col("end_seconds").is_null()
    return pl.coalesce("problem", pl.when(is_without).then(pl.lit("times_not_understood")))


def timestamp_of(seconds: pl.Expr, *, hour_digits: int = 2) -> pl.Expr:
    """`HH:MM:SS.mmm`, to the nearest millisecond, as PySceneDetect's `get_timecode` has it.

    It rounds the seconds within the minute as Python does, by the exact value of the float; so do we, since every
    thirtieth NTSC frame is half a millisecond off.
    """
    minutes = (seconds // 60).cast(pl.Int64)
    milliseconds = minutes * 60_000 + _thousandfold(seconds - minutes * 60)
    parts = [
        (milliseconds // 3_600_000, hour_digits),
        (milliseconds // 60_000 % 60, 2),
        (milliseconds // 1000 % 60, 2),
        (milliseconds % 1000, 3),
    ]
    return pl.format("{}:{}:{}.{}", *(part.cast(pl.String).str.zfill(digits) for part, digits in parts))


def _thousandfold(number: pl.Expr) -> pl.Expr:
    """1000 times the number, rounded half to even; the rounding error of the product decides apparent ties."""
    product = number * 1000
    high = number * 134_217_729 - (number * 134_217_729 - number)  # Dekker's split: 26 bits, so the product is exact
    lost = (high * 1000 - product) + (number - high) * 1000
    below = product.floor()
    rest = product - below - 0.5
    is_half, is_odd = rest == 0, below % 2 == 1
    return below.cast(pl.Int64) + ((rest > 0) | is_half & ((lost > 0) | (lost == 0) & is_odd))


def completed(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with all columns of `CONTENT`, the input of writers; missing columns are null."""
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in CONTENT.items()
    )
