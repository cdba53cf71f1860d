"""Importing a published dataset as a file of the lake: one row per clip, under the dataset's name."""

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
"""Columns with dictionary encoding in Parquet; PyArrow accepts a list, contrary to its type annotation."""
_ENDING = re.compile(rf"({'|'.join(map(re.escape, ENDINGS))})?(\.gz)?$", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def import_dataset(
    path: Path, format: Format, dataset: str, store: Store, progress: Callable[[int], None] = lambda rows: None
) -> Counter[str | None]:
    """Replace the dataset's rows atomically, in bounded memory.

    Returns the number of rows by rejection reason (None: accepted). Raises UserError for a file without valid clips.
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
            found = f"no clips in the format {format.name}, only rejected lines: {rejections(counts)}"
            raise UserError(f"{path} has {found if counts else 'no records'}; the dataset {dataset} is unchanged")
        store.publish(unfinished, file_name(TABLE, dataset))
    return counts


def rejections(counts: Counter[str | None]) -> str:
    """What `import_dataset` returned, as text: the most frequent reason first; empty without rejected lines."""
    rejected = sorted((-count, reason) for reason, count in counts.items() if reason)
    return ", ".join(f"{-count:,} {reason}" for count, reason in rejected)


def dataset_name(path: Path, given: str | None) -> str:
    """The name `given`, else that of the file; raises UserError if it is not valid as a folder name."""
    name = given or _ENDING.sub("", path.name)
    if not _NAME.fullmatch(name):
        raise UserError(f"--dataset {name!r}: expected at most 100 letters, digits, `.`, `_` and `-`")
    return name
