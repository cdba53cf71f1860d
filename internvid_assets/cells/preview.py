"""Summaries of a table: its first rows, and its rejection reasons."""

from __future__ import annotations

import polars as pl

PREVIEW_ROWS = 5


def rejections(table: pl.LazyFrame) -> dict[str, int]:
    """Number of rows per rejection reason."""
    counted = table.drop_nulls("rejection_reason").group_by("rejection_reason").len().sort("rejection_reason")
    return dict(counted.collect().iter_rows())


def preview(table: pl.LazyFrame) -> str:
    """The first rows as a Markdown table."""
    rows = table.head(PREVIEW_ROWS).collect()
    lines = [[str(value)[:80].replace("|", "/").replace("\n", " ") for value in row] for row in rows.iter_rows()]
    return "\n".join("| " + " | ".join(line) + " |" for line in [rows.columns, ["---"] * rows.width, *lines])
