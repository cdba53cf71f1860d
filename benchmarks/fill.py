"""Filling a table of remembered calls, against Polars that computes the same rows and remembers nothing.

The ratio is the price of remembering when a call costs nothing; a model's call costs milliseconds, which hides it.
`python -m benchmarks.fill ROWS` fills once and prints seconds and peak memory: 1.3 GB for ten million rows.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import dataframely as dy
import polars as pl

from benchmarks.comparison import Comparison, compare
from internvid_assets import tables
from internvid_assets.cells.feature import Feature, Outcome
from internvid_assets.cells.fill import FillReport, fill
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.recipes import Recipe
from internvid_assets.cells.store import Store

ROWS = 200_000


class Captions(dy.Schema):
    """One row per caption."""

    caption_id = dy.Int64(primary_key=True)
    caption = dy.String()


class Lengths(tables.Called):
    """One row per caption: its length."""

    caption_id = dy.Int64(primary_key=True)
    length_characters = dy.Int64(nullable=True)


def lengths(batch: pl.DataFrame) -> Sequence[Outcome]:
    return [{"length_characters": length} for length in batch["caption"].str.len_chars()]


def upstream(captions: pl.LazyFrame) -> pl.LazyFrame:
    return captions.select("caption_id", "caption")


LENGTHS = Feature(
    name="lengths",
    schema=Lengths,
    description="",
    upstream=upstream,
    reads=("caption",),
    work=lambda bench: lengths,
    version="1",
    code=(__name__,),
    batch_rows=10_000,
)


def captions(rows: int, path: Path) -> pl.LazyFrame:
    numbers = pl.int_range(rows, eager=True).alias("caption_id").to_frame().lazy()
    numbers.with_columns(caption=pl.format("a ball moves left, {}", "caption_id")).sink_parquet(path)
    return pl.scan_parquet(path)


def filled(rows: pl.LazyFrame) -> FillReport:
    with tempfile.TemporaryDirectory() as folder:
        recipe, lake = Recipe("lengths", "1"), Lake(Store(Path(folder)))
        return fill(LENGTHS, rows, recipe=recipe, category="music", lake=lake, open_work=lambda: nullcontext(lengths))


def mapped(rows: pl.LazyFrame) -> int:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "table.parquet")
        rows.with_columns(length_characters=pl.col("caption").str.len_chars()).sink_parquet(table)
        return pl.scan_parquet(table).select(pl.len()).collect().item()


def measure(repetitions: int) -> Comparison:
    tables.PER_CATEGORY |= {"captions": Captions, "lengths": Lengths}
    with tempfile.TemporaryDirectory() as folder:
        rows = captions(ROWS, Path(folder, "captions.parquet"))
        return compare(
            "fill",
            load=f"{ROWS:,} rows, a call that costs nothing",
            peer=f"Polars {pl.__version__} sink_parquet",
            ours=lambda: filled(rows),
            theirs=lambda: mapped(rows),
            agreement=lambda mine, peers: f"{mine.rows:,} and {peers:,} rows",
            repetitions=repetitions,
        )


def peak_gigabytes() -> float:
    """Resident, from Linux's /proc: getrusage also counts the process that started this one."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1e6


if __name__ == "__main__":
    tables.PER_CATEGORY |= {"captions": Captions, "lengths": Lengths}
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        report = filled(captions(int(sys.argv[1]), Path(folder, "captions.parquet")))
        print(f"{report.rows:,} rows in {time.perf_counter() - started:.0f} s, peak memory {peak_gigabytes():.2f} GB")
