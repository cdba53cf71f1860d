"""ShareGPT4Video: one video file per record, with a caption for each keyframe and, as "-1", one for the whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from internvid_assets.formats.written import write_json

WHOLE = "-1"
_CAPTIONS = pl.List(pl.Struct({"idx": pl.String, "content": pl.String}))
WANTED = pl.Schema({"video_id": pl.String, "video_path": pl.String, "zip_folder": pl.String, "captions": _CAPTIONS})


def rows(records: pl.DataFrame) -> pl.DataFrame:
    """One row per video; the captions of keyframes are sorted by the number in `idx`."""
    idx, content = pl.element().struct["idx"], pl.element().struct["content"]
    captions = pl.col("captions").list
    by_number = captions.eval(
        content.filter(idx != WHOLE).sort_by(idx.filter(idx != WHOLE).cast(pl.Int64, strict=False))
    )
    return records.select(
        "line",
        "problem",
        "video_id",
        "video_path",
        archive="zip_folder",
        long_captions=captions.eval(content.filter(idx == WHOLE)),
        keyframe_captions=by_number,
    )


def write(batches: Iterator[pl.DataFrame], path: Path) -> None:
    write_json(map(records, batches), path)


def records(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "video_id",
        "video_path",
        zip_folder=pl.col("archive").fill_null(""),
        captions=pl.concat_list(_numbered("keyframe_captions"), _whole("long_captions")),
    )


def _numbered(column: str) -> pl.Expr:
    content = pl.element()
    one = pl.struct(idx=pl.int_range(pl.len()).cast(pl.String), content=content)
    return pl.col(column).fill_null([]).list.eval(one)


def _whole(column: str) -> pl.Expr:
    return pl.col(column).fill_null([]).list.eval(pl.struct(idx=pl.lit(WHOLE), content=pl.element()))
