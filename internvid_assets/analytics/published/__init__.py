"""Published figures for comparison, each with its source: `statistics.csv` of datasets, `results.csv` of models that
were trained on them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import dataframely as dy
import polars as pl

from internvid_assets import tables

STATISTICS, RESULTS = (Path(__file__).with_name(f"{name}.csv") for name in ("statistics", "results"))


def statistics() -> pl.DataFrame:
    """Rows of the table `published_statistics`."""
    return _read(STATISTICS, tables.PublishedStatistics)


def results() -> pl.DataFrame:
    """Rows of the table `published_results`."""
    return _read(RESULTS, tables.PublishedResults)


def version(path: Path = STATISTICS) -> str:
    """A hash of the file."""
    return hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()


def _read(path: Path, schema: type[dy.Schema]) -> pl.DataFrame:
    return pl.read_csv(path, schema={name: column.dtype for name, column in schema.columns().items()})
