"""A released dataset becomes a file of the lake: one row per clip, under the dataset's name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.lake import file_name
from internvid_assets.cells.store import Store
from internvid_assets.formats.catalogue import Format, read
from internvid_assets.formats.reading import ENDINGS

TABLE = "imported_clips"
_REPEATED: Any = ["dataset", "language", "category", "rejection_reason"]
"""Columns worth a dictionary in Parquet; a list, whatever PyArrow's type says."""
_ENDING = re.compile(rf"({'|'.join(map(re.escape, ENDINGS))})?(\.gz)?$", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def import_dataset(
    path: Path, format: Format, dataset: str, store: Store, progress: Callable[[int], None] = lambda rows: None
) -> Counter[str | None]:
    """Write the rows aside and put them in the place of the dataset's older ones; memory stays bounded.

    Returns how many rows have each rejection reason (None: have none). Raises UserError for a file without a clip.
    """
    import pyarrow.parquet as pq

    counts: Counter[str | None] = Counter()
    with store.scratch() as scratch:
        unfinished, writer = scratch / "table.parquet", None
        try:
            for batch in read(path, format):
                rows = batch.select(pl.lit(dataset).alias("dataset"), pl.all()).to_arrow()
                writer = writer or pq.ParquetWriter(
                    unfinished, rows.schema, compression="zstd", use_dictionary=_REPEATED
                )
                writer.write_table(rows)
                counts.update(dict(batch.group_by("rejection_reason").len().iter_rows()))
                progress(counts.total())
        finally:
            if writer:
                writer.close()
        if not counts[None]:
            raise UserError(f"{path} holds {_no_clip(counts, format)}; the dataset {dataset} stays as it was")
        store.publish(unfinished, file_name(TABLE, dataset))
    return counts


def _no_clip(counts: Counter[str | None], format: Format) -> str:
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in counts.most_common())
    return f"no clip in the format {format.name}, only rejected lines: {reasons}" if reasons else "no record"


def dataset_name(path: Path, given: str | None) -> str:
    """The name `given`, else that of the file; raises UserError for one that cannot name a folder."""
    name = given or _ENDING.sub("", path.name)
    if not _NAME.fullmatch(name):
        raise UserError(f"--dataset {name!r}: expected letters, digits, `.`, `_` and `-`, 100 of them at most")
    return name
