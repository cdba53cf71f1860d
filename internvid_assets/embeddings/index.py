"""The clip index: one LanceDB table of vectors over all categories, kept equal to `clip_embeddings`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

TABLE = "clips"
INDEX_ABOVE_ROWS = 50_000
"""Below this a brute-force scan answers in milliseconds and an approximate index only loses recall."""


@dataclass(frozen=True)
class IndexReport:
    """What a synchronisation changed."""

    rows: int
    written: int
    removed: int


@dataclass(frozen=True)
class ClipIndex:
    """The index below `directory`. Rows carry the version of what they were made from, so only changes are written."""

    directory: Path

    @cached_property
    def _database(self) -> Any:
        import lancedb

        self.directory.mkdir(parents=True, exist_ok=True)
        return lancedb.connect(str(self.directory))

    def exists(self) -> bool:
        return (self.directory / f"{TABLE}.lance").exists()

    def synchronise(self, rows: pl.LazyFrame) -> IndexReport:
        """Make the index hold exactly `rows`: clip_id, category, video_id, caption, the two vectors and `version`.

        Vectors of another length than before come from another embedder: the table is made anew.
        """
        wanted = rows.collect()
        if wanted.is_empty() and not self.exists():
            return IndexReport(0, 0, 0)
        if not wanted.is_empty() and self._vector_size() != _size(wanted):
            self._create(wanted)
        table = self._database.open_table(TABLE)
        present = pl.from_arrow(
            table.search().select(["clip_id", "version"]).limit(max(table.count_rows(), 1)).to_arrow()
        )
        assert isinstance(present, pl.DataFrame)
        changed = wanted.join(present, on=["clip_id", "version"], how="anti", nulls_equal=True)
        removed = present.join(wanted, on="clip_id", how="anti").height
        if changed.height:
            merge = table.merge_insert("clip_id").when_matched_update_all().when_not_matched_insert_all()
            merge.execute(_as_stored(changed, table))
        self._remove_others(table, wanted, removed)
        if table.count_rows() >= INDEX_ABOVE_ROWS:
            self._build(table)
        return IndexReport(table.count_rows(), changed.height, removed)

    def optimise(self) -> None:
        """Compact small fragments; versions older than a day go, younger ones may have readers."""
        if self.exists():
            self._database.open_table(TABLE).optimize(cleanup_older_than=timedelta(days=1))

    def search(self, vector: list[float], *, count: int, where: str | None = None) -> pl.DataFrame:
        """The `count` clips whose video vector is nearest to `vector`, with their cosine `similarity`, best first."""
        table = self._database.open_table(TABLE)
        query = table.search(vector, vector_column_name="video_embedding").distance_type("cosine").limit(count)
        query = query.where(where, prefilter=True) if where else query
        columns = ["clip_id", "video_id", "category", "start_seconds", "end_seconds", "caption", "_distance"]
        found = pl.from_arrow(query.select(columns).to_arrow())
        assert isinstance(found, pl.DataFrame)
        return found.with_columns(similarity=1 - pl.col("_distance")).drop("_distance")

    def _create(self, rows: pl.DataFrame) -> None:
        """An empty table whose key Lance knows: without the mark, two writers of a new key would both insert it."""
        import pyarrow as pa

        size = _size(rows)
        key = pa.field("clip_id", pa.string(), False, {"lance-schema:unenforced-primary-key": "true"})
        vectors = [pa.field(name, pa.list_(pa.float32(), size)) for name in ("video_embedding", "caption_embedding")]
        texts = [pa.field(name, pa.string()) for name in ("video_id", "category", "caption", "version")]
        times = [pa.field(name, pa.float64()) for name in ("start_seconds", "end_seconds")]
        self._database.create_table(TABLE, schema=pa.schema([key, *texts, *times, *vectors]), mode="overwrite")

    def _vector_size(self) -> int | None:
        """How many numbers a vector of the table has; None where there is no table."""
        if not self.exists():
            return None
        return self._database.open_table(TABLE).schema.field("video_embedding").type.list_size

    def _remove_others(self, table: Any, wanted: pl.DataFrame, removed: int) -> None:
        if removed:
            merge = table.merge_insert("clip_id").when_not_matched_by_source_delete()
            merge.execute(_as_stored(wanted, table))

    def _build(self, table: Any) -> None:
        from lancedb.index import IvfPq

        if not any("video_embedding" in index.columns for index in table.list_indices()):
            table.create_index("video_embedding", config=IvfPq(distance_type="cosine"))


def _size(rows: pl.DataFrame) -> int:
    return len(rows["video_embedding"][0])


def _as_stored(rows: pl.DataFrame, table: Any) -> Any:
    """`rows` in the table's own types: Lance refuses a key that might be null, and vectors of any length."""
    return rows.to_arrow().select(table.schema.names).cast(table.schema)
