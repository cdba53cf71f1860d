"""A process that fills slowly, to be killed: python filling_process.py HOME UPSTREAM LOG SECONDS_PER_BATCH."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import polars as pl
from toy_words import CATEGORY, WORDS, Splitter, Texts, Words, recipe

from internvid_assets import tables
from internvid_assets.cells.fill import FillOptions, fill
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.lease import lease
from internvid_assets.cells.store import Store


class Slow(Splitter):
    """Writes down every text it is asked, and takes its time."""

    def answer(self, batch: pl.DataFrame) -> list:
        with log.open("a") as file:
            file.writelines(f"{text}\n" for text in batch["text"])
        time.sleep(seconds_per_batch)
        return super().answer(batch)


if __name__ == "__main__":
    home, upstream, log = map(Path, sys.argv[1:4])
    seconds_per_batch = float(sys.argv[4])
    tables.PER_CATEGORY |= {"texts": Texts, "words": Words}
    with lease(home, "words", CATEGORY, holder="a test"):
        fill(
            WORDS,
            pl.scan_parquet(upstream),
            recipe=recipe(),
            category=CATEGORY,
            lake=Lake(Store(home)),
            open_work=Slow(),
            options=FillOptions(commit_seconds=1e-9),
        )
