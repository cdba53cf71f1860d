"""The frame store: JPEGs keyed by the hash of their bytes, in a Lance table. One writer per folder, many readers."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from internvid_assets.cells.errors import CallError, RunStopped
from internvid_assets.cells.lance import is_table, naming_failures
from internvid_assets.cells.sql_text import quoted

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from lancedb.db import DBConnection
    from lancedb.table import Table

TABLE = "frames"
HASH_DIGITS = 32
INDEX_FROM_ROWS = 10_000
"""With fewer rows, a scan of the hash column is as fast as an index."""
COMPACT_FROM_PIECES = 128
"""Each commit adds a fragment and a version that lists all fragments: after ten hours, these lists take gigabytes."""
KEPT_VERSIONS = timedelta(days=1)
"""Readers that opened the table within this time are not affected by a compaction."""
LOOK_UP_AT_ONCE = 1_000
"""Hashes per query, to bound the length of its text."""
DECODED_AT_ONCE = 64
"""Decoded images of a stream in memory, about 350 KB each."""


class MissingFrames(RunStopped):
    """Requested hashes that are not in the store. Not the fault of any row, so the run ends."""

    def __init__(self, hashes: Sequence[str], directory: Path) -> None:
        shown = ", ".join(hashes[:5]) + (", …" if len(hashes) > 5 else "")
        remade = f"remove {_cells_of(directory)} and materialise clip_frames to make them again"
        way_out = f"restore that folder, or {remade}"
        super().__init__(f"{len(hashes)} frames are not in {directory} ({shown}); {way_out}")
        self.hashes = list(hashes)


class DamagedFrames(RunStopped):
    """Stored images that have changed: Lance does not detect changed bytes, and a model would caption the image."""

    def __init__(self, hashes: Sequence[str], directory: Path) -> None:
        way_out = f"remove it and {_cells_of(directory)}, and materialise clip_frames"
        super().__init__(
            f"{directory} is damaged: {len(hashes)} frames do not match their hash ({hashes[0]}); {way_out}"
        )


class FrameStore:
    """Content-addressed JPEGs: the same image is stored once, and writing it again is harmless."""

    def __init__(self, directory: Path) -> None:
        self.directory = Path(directory)

    def put(self, jpegs: Mapping[str, bytes]) -> None:
        """Store the images that are not there yet, under their hashes."""
        import pyarrow as pa

        new = self.missing(list(jpegs))
        if not new:
            return
        hashes = [h for h in jpegs if h in new]
        rows = pa.table({"frame_hash": hashes, "jpeg": pa.array([jpegs[h] for h in hashes], pa.large_binary())})
        with self._named_in_errors():
            table = self._open()
            if table is None:
                self._connect().create_table(TABLE, rows, exist_ok=True)
                return
            table.add(rows)
            if _is_in_pieces(table):
                table.optimize(cleanup_older_than=KEPT_VERSIONS)
            _index_when_it_pays(table)

    def read(self, hashes: Sequence[str]) -> list[bytes]:
        """The JPEGs of `hashes`, in that order. Raises `MissingFrames`, or `DamagedFrames` for keys that are hashes."""
        found = dict(self._look_up(hashes, columns=["frame_hash", "jpeg"]))
        if absent := [h for h in dict.fromkeys(hashes) if h not in found]:
            raise MissingFrames(absent, self.directory)
        if damaged := [h for h, jpeg in found.items() if len(h) == HASH_DIGITS and hash_of(jpeg) != h]:
            raise DamagedFrames(damaged, self.directory)
        return [found[h] for h in hashes]

    def images(self, hashes: Sequence[str]) -> list[np.ndarray]:
        """The images of `hashes` as RGB arrays (H, W, 3), uint8. Raises `MissingFrames`."""
        return [pixels(jpeg) for jpeg in self.read(hashes)]

    def missing(self, hashes: Sequence[str]) -> set[str]:
        """Those of `hashes` that are not in the store."""
        return set(hashes) - {row[0] for row in self._look_up(hashes, columns=["frame_hash"])}

    def remove(self, hashes: Collection[str]) -> int:
        """Remove images from the store and from its history; returns how many there were.

        The table is rewritten, since Lance keeps the bytes of a deleted row until a tenth of its file is deleted.
        """
        import pyarrow as pa

        gone = set(hashes) - self.missing(list(hashes))
        with self._named_in_errors():
            table = self._open()
            if table is None or not gone:
                return 0
            kept = (_without(batch, gone) for batch in table.search().limit(table.count_rows()).to_batches())
            self._connect().create_table(TABLE, pa.RecordBatchReader.from_batches(table.schema, kept), mode="overwrite")
            table = self._connect().open_table(TABLE)
            with warnings.catch_warnings():  # it warns of other readers, but a takedown must be executed
                warnings.simplefilter("ignore", UserWarning)
                table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)
            _index_when_it_pays(table)
        return len(gone)

    def stream(self, hashes: Sequence[str]) -> Iterator[np.ndarray]:
        """As `images`, but read lazily. May raise `MissingFrames` at any point."""
        for start in range(0, len(hashes), DECODED_AT_ONCE):
            yield from self.images(hashes[start : start + DECODED_AT_ONCE])

    def _look_up(self, hashes: Sequence[str], *, columns: list[str]) -> list[tuple]:
        asked, found = list(dict.fromkeys(hashes)), []
        with self._named_in_errors():
            table = self._open() if asked else None
            if table is None:
                return []
            for start in range(0, len(asked), LOOK_UP_AT_ONCE):
                some = ", ".join(map(quoted, asked[start : start + LOOK_UP_AT_ONCE]))
                rows = table.search().where(f"frame_hash in ({some})").select(columns).limit(None).to_arrow()
                found += zip(*(rows[column].to_pylist() for column in columns), strict=True)
        return found

    def _named_in_errors(self) -> AbstractContextManager[None]:
        way_out = f"remove it and {_cells_of(self.directory)}, and materialise clip_frames"
        return naming_failures(self.directory, way_out)

    def _connect(self) -> DBConnection:
        import lancedb

        return lancedb.connect(self.directory)

    def _open(self) -> Table | None:
        """The current table; None before the first image."""
        return self._connect().open_table(TABLE) if is_table(self.directory, TABLE) else None


def _cells_of(directory: Path) -> str:
    """The folder of the stored calls whose images are in the store `directory`."""
    return f"cells/clip_frames/recipe=*/category={directory.name}"


def hash_of(jpeg: bytes) -> str:
    """The key of an image: the hash of its bytes."""
    return hashlib.blake2b(jpeg, digest_size=HASH_DIGITS // 2).hexdigest()


def pixels(jpeg: bytes) -> np.ndarray:
    """A JPEG as an RGB array (H, W, 3), uint8. Raises CallError if it is not a JPEG."""
    import cv2
    import numpy as np

    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise CallError("picture_damaged", "a stored image is not a valid JPEG: make clip_frames again", retryable=True)
    return np.asarray(picture)


def _without(batch: pa.RecordBatch, gone: set[str]) -> pa.RecordBatch:
    import pyarrow as pa

    return batch.filter(pa.array([name not in gone for name in batch.column("frame_hash").to_pylist()]))


def _is_in_pieces(table: Table) -> bool:
    """Many fragments, and half of the rows are newer than the last compaction: each image is copied about twice."""
    stats: Any = table.stats()  # a dict, despite its type annotation
    pieces = stats["fragment_stats"]
    is_grown = table.count_rows() >= 2 * pieces["lengths"]["max"]
    return pieces["num_fragments"] >= COMPACT_FROM_PIECES and is_grown


def _index_when_it_pays(table: Table) -> None:
    """Rebuild the index when the rows have doubled: 300 of 100k rows are then found in 20 ms, not in 200."""
    from lancedb.index import BTree

    rows = table.count_rows()
    indexed = sum(rows - (index.num_unindexed_rows or 0) for index in table.list_indices())
    if rows >= INDEX_FROM_ROWS and rows >= 2 * indexed:
        table.create_index("frame_hash", config=BTree())
