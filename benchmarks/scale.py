"""A reader's questions to a lake of any size: the paper's figures, FLT, Aesthetics, the warehouse.

`python -m benchmarks.scale CLIPS FOLDER` makes a lake of so many clips in FOLDER (about 85 bytes a clip; what is there
is kept) and prints, for each question, seconds, and the peak memory so far. Against pandas, which asks one figure of
a category after another; the limit is to read the same bytes and count the rows.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.comparison import Comparison, compare
from benchmarks.fill import peak_gigabytes
from benchmarks.made_lake import make_lake
from internvid_assets import tables
from internvid_assets.analytics.warehouse import rebuild
from internvid_assets.home import Home
from internvid_assets.selects.assets import make_selected
from internvid_assets.selects.files import sql_file
from internvid_assets.selects.running import run_select

CLIPS = 500_000
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
SCORES = ["caption_words", "umt_score", "aesthetic_score"]


def figure(home: Home, name: str) -> pd.DataFrame:
    file = sql_file("marts", name)
    paths = {table: home.lake.paths(table) for table in file.tables()}
    return run_select(file, paths, memory_limit=home.settings.memory_limit).to_pandas()


def choose(home: Home, subset: str) -> None:
    make_selected(sql_file("pools", "withheld_videos"), home, None, tables.WithheldVideos)
    make_selected(sql_file("subsets", subset), home, None, tables.ChosenClips)


def scan(home: Home) -> int:
    """Every byte of the columns that figures read of the wide table: no question can be answered in less."""
    with duckdb.connect() as connection:
        connection.read_parquet([str(path) for path in home.lake.paths("captioned_clips")]).create_view("captioned")
        sums = ", ".join(f"sum(hash({name}))" for name in SCORES)
        return connection.execute(f"select {sums} from captioned").fetchall()[0][0]


def questions(home: Home) -> Iterator[tuple[str, Callable[[], object]]]:
    for name in FIGURES:
        yield f"figure {name}", lambda name=name: figure(home, name)
    for subset in ("internvid_10m_flt", "internvid_aesthetics_18m"):
        yield subset, lambda subset=subset: choose(home, subset)
    yield (
        "warehouse",
        lambda: rebuild(home.path / "warehouse.duckdb", home=home.path, memory_limit=home.settings.memory_limit),
    )
    yield "scan of three columns", lambda: scan(home)


def by_pandas(home: Home) -> pd.Series:
    """Captions by words, a category at a time: what fits into memory of any size of lake."""
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
                agreement=lambda ours, theirs: f"{'equal' if _clips(ours) == theirs.sum() else 'other'} totals",
                repetitions=repetitions,
                count=clips,
            )
        ]


def _clips(figure: pd.DataFrame) -> int:
    return int(figure["captions"].sum())


def main() -> None:
    clips, folder = int(sys.argv[1]), Path(sys.argv[2])
    started = time.monotonic()
    home = make_lake(folder, clips)
    print(f"{clips:,} clips made in {time.monotonic() - started:.0f} s")
    for what, ask in questions(home):
        started = time.monotonic()
        ask()
        print(f"{what:<28} {time.monotonic() - started:7.1f} s  peak {peak_gigabytes():.1f} GB", flush=True)


if __name__ == "__main__":
    main()
