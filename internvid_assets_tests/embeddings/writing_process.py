"""A process that writes clips into an index: python writing_process.py DIRECTORY WRITER FIRST END."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
from toy_clips import clips

from internvid_assets.embeddings.index import ClipIndex, _schema

ROWS_AT_ONCE = 100

if __name__ == "__main__":
    directory, writer = Path(sys.argv[1]), sys.argv[2]
    first, end = map(int, sys.argv[3:])
    table = ClipIndex(directory).table
    for start in range(first, end, ROWS_AT_ONCE):
        names = [f"clip{number}" for number in range(start, start + ROWS_AT_ONCE)]
        rows = clips(names, np.tile(np.eye(8, dtype=np.float32)[0], (ROWS_AT_ONCE, 1)))
        table.ensure(_schema(8))
        table.upsert(rows.with_columns(video_hash=pl.lit(writer)).collect())
