"""A sequence as JSON, as specified by `sequence.schema.json` and described in docs/interleaved.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import polars as pl

SCHEMA_NAME = "internvid-icl/1"
SCHEMA_FILE = files("internvid_assets.interleaved") / "sequence.schema.json"
ROWS_AT_ONCE = 32
"""Sequences whose frames are in memory together: 128 frames of 10 KB each."""


def batches(rows: pl.LazyFrame) -> Iterator[list[dict[str, Any]]]:
    """The records of a table's rows in its order, in batches, in bounded memory."""
    for batch in rows.collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=True):
        for some in batch.iter_slices(ROWS_AT_ONCE):
            yield [record(row) for row in some.iter_rows(named=True)]


def record(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `internvid_icl` as a JSON object. Null fields of items are omitted."""
    items = [{key: value for key, value in item.items() if value is not None} for item in row["items"]]
    return {"schema": SCHEMA_NAME, **row, "items": items}
