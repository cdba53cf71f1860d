"""Sequences for training: a PyTorch dataset over the lake's table and its frame stores.

    from torch.utils.data import DataLoader
    sequences = Sequences("data", "captioned_with_speech", seed=1)
    for sequence in DataLoader(sequences, batch_size=None, num_workers=4, multiprocessing_context="spawn"): ...

Lance runs threads, which a forked process would not have: hence `spawn`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import torch
from torch import distributed
from torch.utils.data import IterableDataset, get_worker_info

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.cells.lake import file_name
from internvid_assets.interleaved.pictures import pictures
from internvid_assets.interleaved.records import record
from internvid_assets.media.frames import FrameStore, pixels


class Sequences(IterableDataset):
    """One item per sequence: its record (docs/interleaved.md), in which each clip has `frames`.

    `frames` is a uint8 tensor [frames, 3, height, width], or, without `decode`, a list of JPEGs.

    The table's row groups of 4,096 sequences are divided among ranks and workers: each sequence is read once per epoch.
    The order and the assignment depend only on `seed` and epoch; the shares of ranks may differ by one row group.
    `set_epoch` also applies to persistent workers.
    """

    def __init__(
        self,
        home: str | Path,
        format: str,
        *,
        seed: int = 0,
        shuffle: bool = True,
        decode: bool = True,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        """`rank` and `world_size` default to torch.distributed's if initialized. Raises UserError without a table."""
        if format not in tables.INTERLEAVED_FORMATS:
            raise UserError(f"format {format!r}: expected one of {', '.join(tables.INTERLEAVED_FORMATS)}")
        self.home, self.seed, self.shuffle, self.decode = Path(home), seed, shuffle, decode
        self.path = self.home / file_name("internvid_icl", format)
        if not self.path.is_file():
            raise UserError(f"{self.path} does not exist; run: internvid materialize '+key:internvid_icl'")
        is_distributed = distributed.is_available() and distributed.is_initialized()
        self.rank = rank if rank is not None else distributed.get_rank() if is_distributed else 0
        self.world_size = world_size or (distributed.get_world_size() if is_distributed else 1)
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()

    def set_epoch(self, epoch: int) -> None:
        """Change the order from the next iteration on."""
        self._epoch[0] = epoch

    def __len__(self) -> int:
        """Number of sequences over all ranks and workers."""
        return pq.ParquetFile(self.path).metadata.num_rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        epoch, file = int(self._epoch[0]), pq.ParquetFile(self.path)
        worker = get_worker_info()
        workers, number = (worker.num_workers, worker.id) if worker else (1, 0)
        groups = self._order(file.num_row_groups, epoch)
        for group in groups[self.rank * workers + number :: self.world_size * workers]:
            rows = pl.DataFrame(file.read_row_group(int(group)))
            for row in self._order(rows.height, epoch, int(group)):
                yield self._with_frames(record(rows.row(int(row), named=True)))

    def _order(self, count: int, *places: int) -> np.ndarray:
        if not self.shuffle:
            return np.arange(count)
        return np.random.default_rng([self.seed, *places]).permutation(count)

    def _with_frames(self, sequence: dict[str, Any]) -> dict[str, Any]:
        jpegs = pictures([sequence], lambda category: FrameStore(self.home / "frames" / category))
        for item in sequence["items"]:
            if item["kind"] == "clip":
                own = [jpegs[frame_hash] for frame_hash in item["frame_hashes"]]
                item["frames"] = _tensor(own) if self.decode else own
        return sequence


def _tensor(jpegs: list[bytes]) -> torch.Tensor:
    images = torch.stack([torch.from_numpy(pixels(jpeg)) for jpeg in jpegs])  # [frames, height, width, 3]
    return images.permute(0, 3, 1, 2).contiguous()
