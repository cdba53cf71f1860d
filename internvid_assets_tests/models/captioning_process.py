"""A run that fills a table of captions from `upstream.parquet` in a home: python captioning_process.py HOME TABLE."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from internvid_assets.captions import assets
from internvid_assets.cells.errors import RunStopped
from internvid_assets.cells.fill import fill
from internvid_assets.home import Home
from internvid_assets.settings import load_settings

CATEGORY = "sports"

if __name__ == "__main__":
    folder, feature = Path(sys.argv[1]), getattr(assets, sys.argv[2])
    home = Home(load_settings([f"home={folder}"]))
    try:
        fill(
            feature,
            pl.scan_parquet(folder / "upstream.parquet"),
            recipe=home.recipe(feature),
            category=CATEGORY,
            lake=home.lake,
            open_work=lambda: home.open_work(feature, CATEGORY),
            judgement=feature.parameters(home.settings),
            options=home.fill_options(),
        )
    except RunStopped as stopped:
        sys.exit(str(stopped))
