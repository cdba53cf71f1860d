"""Queries on a lake of any size: the paper's figures, FLT, Aesthetics, the warehouse.

`python -m benchmarks.scale CLIPS FOLDER [--to RESULTS.json]` makes a lake of that many clips in FOLDER (about 100 bytes
per clip; existing tables are kept) and prints the seconds of each query, and the peak memory so far. Subsets take the
same fraction of the lake as in InternVid of 234 million clips, and are run twice: only which clips, in which order and
why; and as tables with captions, validated and fingerprinted. In the same run pandas computes one of the figures, one
category at a time, and DuckDB only reads three columns, as a lower bound. Exceeding the memory limit is an error.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.comparison import Comparison, compare
from benchmarks.fill import peak_gigabytes
from benchmarks.made_lake import SUBSETS, make_lake
from internvid_assets import tables
from internvid_assets.analytics.warehouse import rebuild
from internvid_assets.cells.feature import schema_of
from internvid_assets.home import Home
from internvid_assets.selects.assets import make_selected
from internvid_assets.selects.files import sql_file
from internvid_assets.selects.making import parameters_of
from internvid_assets.selects.running import run_select, write_select

CLIPS = 500_000
MAX_GIGABYTES = 8
FIGURES = [
    "dataset_totals",
    "videos_by_category",
    "videos_by_language",
    "videos_by_duration",
    "videos_by_resolution",
    "clips_by_category",
    "clips_by_duration",
    "captions_by_length",
    "scores_by_bin",
    "unique_verbs",
]
"""The marts of the paper's figures 3 and 4, table 1 and the verbs of section 3.3."""
CHOICE = ["clip_id", "category", "rank", "sampling_key", "reason"]
"""The columns of a subset that are not already in the lake."""
SCORES = ["caption_words", "umt_score", "aesthetic_score"]


def figure(home: Home, name: str) -> pd.DataFrame:
    file = sql_file("marts", name)
    paths = {table: home.lake.paths(table) for table in file.tables()}
    return run_select(file, paths, memory_limit=home.settings.memory_limit).to_pandas()


def withhold(home: Home) -> None:
    """Make the table of videos that all subsets exclude, before the first subset."""
    make_selected(sql_file("intermediate", "withheld_videos"), home, None, tables.WithheldVideos)


def choice(home: Home, subset: str) -> dict[str, int]:
    """Write to a file which clips are selected, in which order and why, and count the rows that each step leaves."""
    file = sql_file("subsets", subset)
    paths = {table: home.lake.paths(table) for table in file.tables()}
    types = {name: dtype for name, dtype in schema_of(tables.ChosenClips).items() if name in CHOICE}
    limit, chosen = home.settings.memory_limit, parameters_of(file, home)
    with home.store.scratch() as scratch:
        return write_select(file, paths, scratch / "choice.parquet", chosen, types=types, memory_limit=limit)


def choose(home: Home, subset: str) -> None:
    make_selected(sql_file("subsets", subset), home, None, tables.ChosenClips)


def scan(home: Home) -> int:
    """Read all columns of the wide table that figures use: a lower bound for any query."""
    with duckdb.connect() as connection:
        connection.read_parquet([str(path) for path in home.lake.paths("captioned_clips")]).create_view("captioned")
        sums = ", ".join(f"sum(hash({name}))" for name in SCORES)
        return connection.execute(f"select {sums} from captioned").fetchall()[0][0]


def questions(home: Home) -> Iterator[tuple[str, Callable[[], object]]]:
    for name in FIGURES:
        yield f"figure {name}", lambda name=name: figure(home, name)
    yield "withheld_videos", lambda: withhold(home)
    for subset in SUBSETS:
        yield f"which clips, {subset}", lambda subset=subset: choice(home, subset)
        yield subset, lambda subset=subset: choose(home, subset)
    warehouse, limit = home.path / "warehouse.duckdb", home.settings.memory_limit
    yield "warehouse", lambda: rebuild(warehouse, home=home.path, memory_limit=limit)
    yield "scan of three columns", lambda: scan(home)
    yield "captions_by_length by pandas", lambda: by_pandas(home)


def by_pandas(home: Home) -> pd.Series:
    """Captions by length, one category at a time, which fits into memory for any lake."""
    counts = [
        pd.read_parquet(path, columns=["caption_words"])["caption_words"].value_counts()
        for path in home.lake.paths("captioned_clips")
    ]
    return pd.concat(counts).groupby(level=0).sum()


def measure(repetitions: int) -> list[Comparison]:
    with tempfile.TemporaryDirectory() as name:
        home = make_lake(Path(name), CLIPS)
        clips = sum(figure(home, "clips_by_category")["captioned_clips"])
        return [
            compare(
                "scale",
                load=f"captions by length, of {clips:,} clips",
                peer="pandas.read_parquet of one column, value_counts",
                ours=lambda: figure(home, "captions_by_length"),
                theirs=lambda: by_pandas(home),
                agreement=lambda ours, theirs: f"{'equal' if _clips(ours) == theirs.sum() else 'different'} totals",
                repetitions=repetitions,
                count=clips,
            )
        ]


def _clips(figure: pd.DataFrame) -> int:
    return int(figure["captions"].sum())


def ask_all(home: Home) -> dict[str, float]:
    """Seconds of each query."""
    seconds = {}
    for what, ask in questions(home):
        started = time.monotonic()
        ask()
        seconds[what] = round(time.monotonic() - started, 2)
        print(f"{what:<38} {seconds[what]:8.1f} s  peak {peak_gigabytes():.1f} GB", flush=True)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("clips", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=Path, help="a JSON file for the results, for `python -m benchmarks.growth`")
    arguments = parser.parse_args()
    home = make_lake(arguments.folder, arguments.clips)
    seconds = ask_all(home)
    clips = sum(figure(home, "clips_by_category")["captioned_clips"])
    figures = sum(took for what, took in seconds.items() if what.startswith("figure "))
    print(f"{clips:,} clips, all {len(FIGURES)} figures {figures:.1f} s, peak {peak_gigabytes():.1f} GB")
    if arguments.to:
        arguments.to.write_text(json.dumps({"clips": clips, "peak_gigabytes": peak_gigabytes(), "seconds": seconds}))
    if peak_gigabytes() > MAX_GIGABYTES:
        sys.exit(f"peak memory {peak_gigabytes():.1f} GB: expected at most {MAX_GIGABYTES} GB")


if __name__ == "__main__":
    main()
