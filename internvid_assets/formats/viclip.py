"""The input of ViCLIP's training code: a JSON list of video files and captions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from internvid_assets.formats.written import write_json

WANTED = pl.Schema({"video": pl.String, "caption": pl.String})


def rows(records: pl.DataFrame) -> pl.DataFrame:
    """One row per entry."""
    return records.select("line", "problem", "caption", video_path="video")


def write(batches: Iterator[pl.DataFrame], path: Path) -> None:
    write_json((batch.select("caption", video="video_path").select(WANTED.names()) for batch in batches), path)
