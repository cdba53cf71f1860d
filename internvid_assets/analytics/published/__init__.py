"""Figures of papers, as a table to set ours beside: `statistics.csv`, each with its source."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl

from internvid_assets import tables

STATISTICS = Path(__file__).with_name("statistics.csv")


def statistics() -> pl.DataFrame:
    """Rows of the table `published_statistics`."""
    types = {name: column.dtype for name, column in tables.PublishedStatistics.columns().items()}
    return pl.read_csv(STATISTICS, schema=types)


def version() -> str:
    """Changes with the figures."""
    return hashlib.blake2b(STATISTICS.read_bytes(), digest_size=6).hexdigest()
