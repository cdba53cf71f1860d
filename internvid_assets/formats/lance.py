"""A Lance dataset: a folder `*.lance` with our columns, which LanceDB, Lance and DuckDB can open."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from internvid_assets.cells.errors import UserError
from internvid_assets.formats.containers import BATCH_ROWS, Records, of_rows
from internvid_assets.formats.rows import CONTENT
from internvid_assets.formats.written import asked_for

if TYPE_CHECKING:
    from lancedb.table import Table

ENDING = ".lance"


def lance_records(paths: list[Path], wanted: pl.Schema) -> Iterator[Records]:
    """The rows of Lance datasets."""
    first = 1
    for path in paths:
        names = [name for name in lance_keys(path) if name in wanted]
        for batch in _opened(path).search().select(names).to_batches(BATCH_ROWS):
            frame = pl.DataFrame(batch)
            yield of_rows(frame, first, wanted)
            first += frame.height


def lance_keys(path: Path) -> Collection[str]:
    return _opened(path).schema.names


def _opened(path: Path) -> Table:
    import lancedb

    try:
        return lancedb.connect(path.parent).open_table(path.stem)
    except ValueError as error:
        raise UserError(f"{path} is not a Lance dataset: {' '.join(str(error).split())[:200]}") from None


def write(batches: Iterator[pl.DataFrame], path: Path) -> None:
    """Write batch by batch."""
    import lancedb
    import pyarrow as pa

    if path.suffix != ENDING:
        raise UserError(f"{asked_for(path)}: expected a name that ends in {ENDING}, for a Lance dataset")
    schema = pl.DataFrame(schema=CONTENT).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    found = (part for batch in batches for part in batch.to_arrow().cast(schema).to_batches())
    try:
        lancedb.connect(path.parent).create_table(path.stem, pa.RecordBatchReader.from_batches(schema, found))
    except RuntimeError as error:  # also for a full disk
        raise OSError(" ".join(str(error).split())[:200]) from error
