"""VideoCLIP-XL's data: VILD, videos with short and long captions, and LVDR, long captions with increasing errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from internvid_assets.formats.written import write_json

LVDR = pl.Schema({"long_captions": pl.List(pl.String), "video_id": pl.String})
VILD = pl.Schema({"short_captions": pl.List(pl.String), **LVDR})


def vild_rows(records: pl.DataFrame) -> pl.DataFrame:
    """One row per video: the first short caption is `caption`, the others are `more_captions`."""
    short = pl.col("short_captions").list
    return records.select(
        "line", "problem", "video_id", "long_captions", caption=short.first(), more_captions=short.slice(1)
    )


def lvdr_rows(records: pl.DataFrame) -> pl.DataFrame:
    """One row per video: the true caption first."""
    return records.select("line", "problem", "video_id", "long_captions")


def write_vild(batches: Iterator[pl.DataFrame], path: Path) -> None:
    write_json(map(vild_records, batches), path)


def write_lvdr(batches: Iterator[pl.DataFrame], path: Path) -> None:
    write_json((batch.select(LVDR.names()) for batch in batches), path)


def vild_records(rows: pl.DataFrame) -> pl.DataFrame:
    caption = (
        pl.when(pl.col("caption").is_null()).then(pl.lit([], pl.List(pl.String))).otherwise(pl.concat_list("caption"))
    )
    return rows.select(
        pl.concat_list(caption, pl.col("more_captions").fill_null([])).alias("short_captions"),
        pl.col("long_captions").fill_null([]),
        "video_id",
    )
