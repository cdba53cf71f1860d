"""The clip index: embeddings, captions and scores of all categories in one LanceDB table, in sync with the lake."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.lance import naming_failures
from internvid_assets.embeddings.keyed import KeyedTable, key_field

if TYPE_CHECKING:
    import pyarrow as pa

WRITTEN_AT_ONCE = 20_000
"""Rows per commit: 80 MB with vectors of 512 numbers."""
APPROXIMATE_FROM_ROWS = 10_000
"""At this size a full scan takes 11 ms, and at ten times the size twenty times that; an index takes 4 ms."""
MOST_PARTS = 16
"""Each optimisation may add a part to the approximate index, and a search reads all: with more, it is rebuilt."""
UNIT_TOLERANCE = 1e-3

VECTORS = ("video_embedding", "caption_embedding")
TEXTS = ("video_id", "category", "caption", "model", "revision", "version", "video_hash")
NUMBERS = ("start_seconds", "end_seconds", "duration_seconds", "umt_score", "aesthetic_score")


@dataclass(frozen=True)
class IndexReport:
    """What a synchronisation changed."""

    rows: int
    written: int
    removed: int


@dataclass(frozen=True)
class ClipIndex:
    """The index below `directory`. Rows have a version of what they were made from, so only changes are written."""

    directory: Path
    approximate_from_rows: int = APPROXIMATE_FROM_ROWS

    @cached_property
    def table(self) -> KeyedTable:
        return KeyedTable(self.directory, "clips")

    def exists(self) -> bool:
        return self.table.exists()

    def naming_failures(self) -> AbstractContextManager[None]:
        """Failures inside name the folder, and how to rebuild it."""
        way_out = "remove it and run: internvid materialize '+key:clip_index' (it is rebuilt from the tables)"
        return naming_failures(self.directory, way_out)

    def synchronise(self, parts: Iterable[pl.LazyFrame]) -> IndexReport:
        """Make the index contain exactly the rows of `parts`; vectors are only read for changed rows.

        A clip in several parts is taken from the first. Vectors of a different length are from another embedder: the
        table is recreated. Raises UserError, without a change, if parts have vectors of different lengths.
        """
        parts = list(parts)
        size = _one_size(parts)
        taken, written = pl.DataFrame(schema={"clip_id": pl.String}), 0
        for part in parts:
            wanted = part.select("clip_id", "version").collect().join(taken, on="clip_id", how="anti")
            taken = pl.concat([taken, wanted.select("clip_id")])
            if wanted.height:
                self.table.ensure(_schema(size))
                changed = wanted.join(self._versions(), on=["clip_id", "version"], how="anti")
                written += self._write(part.join(changed.lazy().select("clip_id"), on="clip_id", how="semi"))
        if not self.exists():
            return IndexReport(0, 0, 0)
        removed = self._versions().join(taken, on="clip_id", how="anti")["clip_id"].to_list()
        self.table.remove(removed)
        return IndexReport(self.table.open().count_rows(), written, len(removed))

    def maintain(self) -> None:
        """Build missing indexes where they are worthwhile; update the others with newly written rows."""
        from lancedb.index import FTS, IvfFlat, IvfRq

        if not self.exists() or not self.table.open().count_rows():
            return
        self.table.optimise()
        table = self.table.open()
        indexed = {index.columns[0]: index for index in table.list_indices()}
        if "caption" not in indexed:  # not at creation of the table: an index over no rows would be useless
            table.create_index("caption", config=FTS())
        vectors = indexed.get("video_embedding")
        is_in_parts = vectors is not None and (table.index_stats(vectors.name).num_indices or 0) > MOST_PARTS
        if is_in_parts or (vectors is None and table.count_rows() >= self.approximate_from_rows):
            # RaBitQ takes a tenth of the others' build time; see docs/performance.md.
            kind = IvfFlat if table.schema.field("video_embedding").type.list_size % 8 else IvfRq
            table.create_index("video_embedding", config=kind(distance_type="cosine"))

    def first_rows(self) -> pl.DataFrame:
        """`model` and `revision` of the first batch of rows; no rows if the index is empty."""
        names = ("model", "revision")
        return next(self.table.batches(names), pl.DataFrame(schema=dict.fromkeys(names, pl.String)))

    def repeated_keys(self) -> int:
        """Number of surplus rows of the same clip: 0, unless a guarantee of Lance is violated."""
        keys = self.table.read(["clip_id"])["clip_id"] if self.exists() else pl.Series([])
        return len(keys) - keys.n_unique()

    def broken_vectors(self) -> int:
        """Number of rows with a vector that is not finite, or not of length 1."""
        return sum(_broken(batch) for batch in self.table.batches(VECTORS)) if self.exists() else 0

    def _versions(self) -> pl.DataFrame:
        return self.table.read(["clip_id", "version"])

    def _write(self, rows: pl.LazyFrame) -> int:
        written = 0
        for batch in rows.collect_batches(chunk_size=WRITTEN_AT_ONCE, maintain_order=True):
            for some in batch.iter_slices(WRITTEN_AT_ONCE):
                self.table.upsert(some.with_columns(video_hash=_hashes(some["video_embedding"])))
                written += some.height
        return written


def matrix(vectors: pl.Series) -> np.ndarray:
    """A column of equally long vectors as float32 [rows, d]."""
    numbers = vectors.explode().cast(pl.Float32).to_numpy()
    return numbers.reshape(len(vectors), len(numbers) // max(len(vectors), 1))


def _one_size(parts: Iterable[pl.LazyFrame]) -> int:
    """Length of the vectors; 0 if there are none."""
    firsts = (part.select("video_embedding").head(1).collect()["video_embedding"] for part in parts)
    sizes = sorted({len(first[0]) for first in firsts if len(first)})
    if len(sizes) > 1:
        lengths = " and ".join(map(str, sizes))
        way_out = "expected those of one model; run: internvid materialize key:clip_embeddings"
        raise UserError(f"categories have vectors of {lengths} numbers, from several models; {way_out}")
    return sizes[0] if sizes else 0


def _schema(size: int) -> pa.Schema:
    import pyarrow as pa

    vectors = [pa.field(name, pa.list_(pa.float32(), size)) for name in VECTORS]
    texts = [pa.field(name, pa.string()) for name in TEXTS]
    numbers = [pa.field(name, pa.float64()) for name in NUMBERS]
    return pa.schema([key_field("clip_id"), *texts, *numbers, *vectors])


def _hashes(vectors: pl.Series) -> pl.Series:
    """Hashes of the vectors, to detect changed ones."""
    return pl.Series([hashlib.blake2b(row.tobytes(), digest_size=8).hexdigest() for row in matrix(vectors)])


def _broken(batch: pl.DataFrame) -> int:
    lengths = np.stack([np.linalg.norm(matrix(batch[name]), axis=1) for name in VECTORS])
    is_unit = np.abs(lengths - 1) <= UNIT_TOLERANCE  # NaN is never near 1
    return batch.height - int(np.count_nonzero(is_unit.all(axis=0)))
