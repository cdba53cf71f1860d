"""Samples of a WebDataset: rows with their clips, encoded to the frame, or with their 8 uniform frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import polars as pl

from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.errors import CallError
from internvid_assets.cli.export_clips import exported
from internvid_assets.cli.exported_rows import Pictures
from internvid_assets.formats.rows import completed
from internvid_assets.formats.webdataset import Files
from internvid_assets.home import Home

AT_ONCE = 256
"""Clips that lie on disk before they are in a shard."""

Sample = tuple[dict[str, Any], Files]


def samples(
    batches: Iterator[pl.DataFrame], home: Home, beside: Pictures, failed: Callable[[str], None]
) -> Iterator[Sample]:
    """Rows with their pictures; gives `failed` a line on a clip that has none, and leaves it out."""
    some = (part for batch in batches for part in batch.iter_slices(AT_ONCE))
    return _with_clips(some, home, failed) if beside is Pictures.clips else _with_frames(some, home, failed)


def _with_clips(batches: Iterator[pl.DataFrame], home: Home, failed: Callable[[str], None]) -> Iterator[Sample]:
    settings = home.settings
    with (
        home.store.scratch() as scratch,
        closing(LocalEngine(settings.workers, memory_bytes=settings.worker_memory_bytes)) as engine,
    ):
        for batch in batches:
            texts = completed(batch).rows_by_key("clip_id", named=True, unique=True, include_key=True)
            for row, done in exported(batch.to_dicts(), settings, engine, scratch, how="encode"):
                if isinstance(done, CallError):
                    failed(f"{row['clip_id']}: {done}")
                    continue
                yield texts[row["clip_id"]], {"mp4": done.path.read_bytes()}
                done.path.unlink()


def _with_frames(batches: Iterator[pl.DataFrame], home: Home, failed: Callable[[str], None]) -> Iterator[Sample]:
    for batch in batches:
        rows = completed(batch).iter_rows(named=True)
        for row, category, hashes in zip(rows, batch["frames_of"], batch["frame_hashes"].to_list(), strict=True):
            if not hashes:
                failed(f"{row['clip_id']}: no_frames: none were sampled of it")
                continue
            jpegs = home.frames(category).read(hashes)
            yield row, {f"{number}.jpg": jpeg for number, jpeg in enumerate(jpegs)}
