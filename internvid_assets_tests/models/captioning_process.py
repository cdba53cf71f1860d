"""A run that captions the centre frames of `upstream.parquet` in a home: python captioning_process.py HOME."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from internvid_assets.captions.assets import center_captions
from internvid_assets.cells.errors import RunStopped
from internvid_assets.cells.fill import fill
from internvid_assets.home import Home
from internvid_assets.settings import load_settings

CATEGORY = "sports"

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    home = Home(load_settings([f"home={folder}"]))
    try:
        fill(
            center_captions,
            pl.scan_parquet(folder / "upstream.parquet"),
            recipe=home.recipe(center_captions),
            category=CATEGORY,
            lake=home.lake,
            open_work=lambda: home.open_work(center_captions, CATEGORY),
            judgement=center_captions.parameters(home.settings),
            options=home.fill_options(),
        )
    except RunStopped as stopped:
        sys.exit(str(stopped))
