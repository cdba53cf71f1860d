"""Selecting Aesthetics from a synthetic lake, against Hugging Face `datasets`; both write a Parquet file with captions.

`python -m benchmarks.choosing CLIPS FOLDER` compares them on a lake of that many clips in FOLDER. Before selecting,
`datasets` converts the Parquet files to uncompressed memory-mapped Arrow files, which is reported but not counted. It
filters with Arrow's own kernel, sorts scores and names, and writes the selected rows. Its sort needs 2.7 GB of memory
per million clips of the lake and takes all there is: for many clips, run it under `ulimit -d`.
Ours reads the lake each time, excludes withheld videos, counts its steps, validates the rows and fingerprints them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks import scale
from benchmarks.comparison import Comparison, compare
from benchmarks.made_lake import make_lake
from internvid_assets.home import Home
from internvid_assets.selects.files import sql_file
from internvid_assets.selects.making import parameters_of

SUBSET = "internvid_aesthetics_18m"
COLUMNS = [
    "clip_id",
    "video_id",
    "category",
    "start_seconds",
    "end_seconds",
    "caption",
    "umt_score",
    "aesthetic_score",
]


def loaded(home: Home, cache: Path) -> Any:
    """The lake's captioned clips, loaded by `datasets`."""
    import datasets

    datasets.disable_progress_bars()
    files = [str(path) for path in home.lake.paths("captioned_clips")]
    return datasets.load_dataset(
        "parquet", data_files=files, columns=COLUMNS, split="train", cache_dir=str(cache)
    ).with_format("arrow")


def chosen(home: Home) -> Path:
    scale.choose(home, SUBSET)
    path = home.lake.path(SUBSET, None)
    assert path
    return path


def by_datasets(home: Home, rows: Any, to: Path) -> Path:
    """The same clips in the same order, without ranks and reasons."""
    import pyarrow.compute

    compute: Any = pyarrow.compute
    file = sql_file("subsets", SUBSET)
    values: dict[str, Any] = file.values(parameters_of(file, home))
    least, again = values["min_aesthetic_score"], {"load_from_cache_file": False}
    good = rows.filter(lambda batch: compute.greater_equal(batch["aesthetic_score"], least), batched=True, **again)
    best = good.sort(["aesthetic_score", "clip_id"], reverse=[True, False], **again)
    best.select(range(min(values["size"], len(best)))).to_parquet(str(to))
    return to


def agreement(ours: Path, theirs: Path) -> str:
    left, right = (pl.read_parquet(path, columns=["clip_id", "caption"]) for path in (ours, theirs))
    return f"{'the same' if left.equals(right) else 'not the same'} {left.height:,} clips in order"


def measured(home: Home, repetitions: int) -> tuple[Comparison, float]:
    """The comparison, and the seconds of the preceding load."""
    scale.withhold(home)
    with tempfile.TemporaryDirectory(dir=home.path) as name:
        started = time.monotonic()
        rows = loaded(home, Path(name))
        loading_seconds = time.monotonic() - started
        row = compare(
            "choosing",
            load=f"Aesthetics, of {len(rows):,} clips",
            peer="datasets: filter, sort, to_parquet, once loaded",
            ours=lambda: chosen(home),
            theirs=lambda: by_datasets(home, rows, Path(name, "best.parquet")),
            agreement=agreement,
            repetitions=repetitions,
            count=len(rows),
        )
    return row, loading_seconds


def measure(repetitions: int) -> Comparison:
    with tempfile.TemporaryDirectory() as name:
        return measured(make_lake(Path(name), scale.CLIPS), repetitions)[0]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.choosing", description=__doc__)
    parser.add_argument("clips", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repetitions", type=int, default=1)
    arguments = parser.parse_args()
    row, loading_seconds = measured(make_lake(arguments.folder, arguments.clips), arguments.repetitions)
    print(f"{row.load}: ours {row.ours_seconds:.1f} s, {row.peer} {row.peer_seconds:.1f} s, ratio {row.ratio:.2f}")
    print(f"{row.agreement}; loaded by datasets in {loading_seconds:.1f} s")


if __name__ == "__main__":
    main()
