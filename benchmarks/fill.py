"""Filling a table of stored calls that cost nothing, including commits: the overhead of the machinery per row.

Polars computes the same rows and stores no calls, so that ratio is the price of storing them; it is hidden by a model's
calls, which take milliseconds. SQLite is the obvious way to store calls by hand: look up a row, make the call, insert
the result, commit every so often. Results come in batches, as from a local model, or one by one.
`python -m benchmarks.fill ROWS` fills once and prints seconds and peak memory: 1.3 GB for ten million rows.
"""

from __future__ import annotations

import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from pathlib import Path

import dataframely as dy
import polars as pl

from benchmarks.comparison import Comparison, compare
from internvid_assets import tables
from internvid_assets.cells.feature import Feature, Outcome, Work
from internvid_assets.cells.fill import fill
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.recipes import Recipe
from internvid_assets.cells.store import Store

ROWS, ROWS_ONE_BY_ONE = 200_000, 20_000


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


def one_by_one(batch: pl.DataFrame) -> Iterator[Mapping[int, Outcome]]:
    return ({position: outcome} for position, outcome in enumerate(lengths(batch)))


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


def filled(rows: pl.LazyFrame, work: Work = lengths) -> int:
    with tempfile.TemporaryDirectory() as folder:
        recipe, lake = Recipe("lengths", "1"), Lake(Store(Path(folder)))
        fill(LENGTHS, rows, recipe=recipe, category="music", lake=lake, open_work=lambda: nullcontext(work))
        return lake.scan("lengths", "music").select(pl.len()).collect().item()


def inserted(rows: pl.LazyFrame) -> int:
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder, "lengths.db"))) as connection:
        connection.execute("create table lengths (caption text primary key, length_characters integer)")
        for number, (caption,) in enumerate(rows.select("caption").collect().iter_rows(), start=1):
            if not connection.execute("select 1 from lengths where caption = ?", [caption]).fetchone():
                connection.execute("insert into lengths values (?, ?)", [caption, len(caption)])
            if number % LENGTHS.batch_rows == 0:
                connection.commit()
        connection.commit()
        return connection.execute("select count(*) from lengths").fetchone()[0]


def mapped(rows: pl.LazyFrame) -> int:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "table.parquet")
        rows.with_columns(length_characters=pl.col("caption").str.len_chars()).sink_parquet(table)
        return pl.scan_parquet(table).select(pl.len()).collect().item()


def measure(repetitions: int) -> list[Comparison]:
    tables.PER_CATEGORY |= {"captions": Captions, "lengths": Lengths}
    polars, sqlite = f"Polars {pl.__version__} sink_parquet", f"SQLite {sqlite3.sqlite_version}, row by row"
    with tempfile.TemporaryDirectory() as folder:
        return [
            compare(
                "fill",
                load=f"{count:,} rows, a call that costs nothing, {answers}",
                peer=peer,
                ours=lambda rows=rows, work=work: filled(rows, work),
                theirs=lambda rows=rows, theirs=theirs: theirs(rows),
                agreement=lambda mine, peers: f"{mine:,} and {peers:,} rows",
                repetitions=repetitions,
                count=count,
            )
            for count, answers, work, peer, theirs in [
                (ROWS, "in batches", lengths, polars, mapped),
                (ROWS, "in batches", lengths, sqlite, inserted),
                (ROWS_ONE_BY_ONE, "one by one", one_by_one, sqlite, inserted),
            ]
            for rows in [captions(count, Path(folder, f"{count}.parquet"))]
        ]


def peak_gigabytes() -> float:
    """Peak resident memory, from Linux's /proc: getrusage also counts the parent process."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1e6


if __name__ == "__main__":
    tables.PER_CATEGORY |= {"captions": Captions, "lengths": Lengths}
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        rows = filled(captions(int(sys.argv[1]), Path(folder, "captions.parquet")))
        print(f"{rows:,} rows in {time.perf_counter() - started:.0f} s, peak memory {peak_gigabytes():.2f} GB")
