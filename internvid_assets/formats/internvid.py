"""InternVid's released annotations (OpenGVLab/InternVid on Hugging Face): one clip per line, as a span on YouTube."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from internvid_assets.formats.rows import seconds_of, timestamp_of, without_times
from internvid_assets.formats.written import write_json

WANTED = pl.Schema(
    {
        "YoutubeID": pl.String,
        "Start_timestamp": pl.String,
        "End_timestamp": pl.String,
        "Caption": pl.String,
        "Aesthetic_Score": pl.Float64,
        "UMT_Score": pl.Float64,
        "Language": pl.String,
        "Category": pl.String,
    }
)
"""The six keys of every release, and the two additional ones of InternVid-10M-FLT-INFO."""


def rows(records: pl.DataFrame) -> pl.DataFrame:
    """One row per line."""
    start, end = seconds_of(pl.col("Start_timestamp")), seconds_of(pl.col("End_timestamp"))
    return records.select(
        "line",
        "problem",
        video_id="YoutubeID",
        start_seconds=start,
        end_seconds=end,
        caption="Caption",
        aesthetic_score="Aesthetic_Score",
        umt_score="UMT_Score",
        language="Language",
        category="Category",
    ).with_columns(without_times())


def write(batches: Iterator[pl.DataFrame], path: Path) -> None:
    """The six keys, one line per clip."""
    write_json(map(records, batches), path)


def records(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        YoutubeID="video_id",
        Start_timestamp=timestamp_of(pl.col("start_seconds")),
        End_timestamp=timestamp_of(pl.col("end_seconds")),
        Caption="caption",
        Aesthetic_Score="aesthetic_score",
        UMT_Score="umt_score",
    )
