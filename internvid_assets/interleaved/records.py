"""A sequence as JSON: what `sequence.schema.json` describes, and docs/interleaved.md in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import polars as pl

SCHEMA_NAME = "internvid-icl/1"
SCHEMA_FILE = files("internvid_assets.interleaved") / "sequence.schema.json"
ROWS_AT_ONCE = 32
"""Sequences whose pictures lie in memory together: 128 of 10 KB each."""


def batches(rows: pl.LazyFrame) -> Iterator[list[dict[str, Any]]]:
    """The records of a table's rows in its order, some at a time, however many there are."""
    for batch in rows.collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=True):
        for some in batch.iter_slices(ROWS_AT_ONCE):
            yield [record(row) for row in some.iter_rows(named=True)]


def record(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `internvid_icl` as a JSON object. What an item does not have is left out."""
    items = [{key: value for key, value in item.items() if value is not None} for item in row["items"]]
    return {"schema": SCHEMA_NAME, **row, "items": items}
