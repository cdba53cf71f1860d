"""Importing released annotations from JSON lines into a table for SQL, against short scripts with other libraries.

`python -m benchmarks.importing ROWS` imports a synthetic InternVid-10M-flt.jsonl of that many lines of 210 bytes once,
and prints seconds and peak memory.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.comparison import Comparison, compare
from benchmarks.fill import peak_gigabytes
from internvid_assets.cells.store import Store
from internvid_assets.formats.catalogue import FORMATS
from internvid_assets.formats.importing import import_dataset
from internvid_assets.formats.internvid import write as write_internvid

LINES = 200_000
AT_ONCE = 100_000
WORDS = "a the man woman person dog ball guitar car is plays picking up holding red small in on next to kitchen".split()


def annotations(lines: int) -> Iterator[pl.DataFrame]:
    """Captions of 6 to 17 words and half-precision scores, as in InternVid-10M-FLT."""
    rng = np.random.default_rng(0)
    for start in range(0, lines, AT_ONCE):
        count = min(AT_ONCE, lines - start)
        words = np.asarray(WORDS)[rng.integers(0, len(WORDS), (count, 17))]
        starts = rng.integers(0, 1_800_000, count) / 1000
        yield pl.DataFrame(
            {
                "video_id": [f"{video:011x}" for video in rng.integers(0, 16**8, count)],
                "start_seconds": starts,
                "end_seconds": starts + rng.integers(600, 40_000, count) / 1000,
                "caption": [
                    " ".join(row[:length]) for row, length in zip(words, rng.integers(6, 18, count), strict=True)
                ],
                "aesthetic_score": rng.normal(4.6, 0.6, count).astype(np.float16).astype(float),
                "umt_score": rng.normal(0.42, 0.03, count).astype(np.float16).astype(float),
            }
        )


def imported(file: Path, folder: Path) -> int:
    return import_dataset(file, FORMATS["internvid"], "flt", Store(folder)).total()


def _seconds(timestamp: str) -> float:
    hours, minutes, seconds = timestamp.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)


def written(frames: Iterator[pd.DataFrame], folder: Path) -> int:
    """Data frames with times converted to seconds, written to one Parquet file."""
    rows, writer = 0, None
    for frame in frames:
        for name in ("Start_timestamp", "End_timestamp"):
            frame[name] = frame[name].map(_seconds)
        table = pa.Table.from_pandas(frame, preserve_index=False)
        writer = writer or pq.ParquetWriter(folder / "flt.parquet", table.schema, compression="zstd")
        writer.write_table(table)
        rows += len(frame)
    if writer:
        writer.close()
    return rows


def by_pandas(file: Path, folder: Path) -> int:
    with pd.read_json(file, lines=True, chunksize=AT_ONCE) as frames:
        return written(iter(frames), folder)


def by_json(file: Path, folder: Path) -> int:
    def frames() -> Iterator[pd.DataFrame]:
        with file.open(encoding="utf-8") as lines:
            while some := [json.loads(line) for line in islice(lines, AT_ONCE)]:
                yield pd.DataFrame(some)

    return written(frames(), folder)


def measure(repetitions: int) -> list[Comparison]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "flt.jsonl"
        write_internvid(annotations(LINES), file)
        peers: list[tuple[str, Callable[[Path, Path], int]]] = [
            (f"pandas {pd.__version__} read_json(lines=True), in chunks", by_pandas),
            ("json.loads line by line", by_json),
        ]
        return [
            compare(
                "importing",
                load=f"{LINES:,} lines of InternVid's JSON, {file.stat().st_size / 1e6:.0f} MB",
                peer=peer,
                ours=lambda: imported(file, folder / "home"),
                theirs=lambda theirs=theirs: theirs(file, folder),
                agreement=lambda mine, peers: f"{mine:,} and {peers:,} rows",
                repetitions=repetitions,
                count=LINES,
            )
            for peer, theirs in peers
        ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_internvid(annotations(int(sys.argv[1])), folder / "flt.jsonl")
        size_gigabytes, before = (folder / "flt.jsonl").stat().st_size / 1e9, peak_gigabytes()
        started = time.perf_counter()
        rows = imported(folder / "flt.jsonl", folder / "home")
        print(f"{rows:,} rows, {size_gigabytes:.2f} GB in {time.perf_counter() - started:.0f} s", end="")
        print(f", peak memory {peak_gigabytes():.2f} GB ({before:.2f} GB before)")
