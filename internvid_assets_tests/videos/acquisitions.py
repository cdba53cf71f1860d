"""Lists and acquires addresses in a home, as the assets do."""

from __future__ import annotations

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.fill import FillReport
from internvid_assets.home import Home
from internvid_assets.videos.assets import acquired_videos
from internvid_assets.videos.candidates import list_candidates, to_be_spared
from internvid_assets.videos.listings import open_listings
from internvid_assets.videos.sources import Source


def candidates(home: Home, sources: list[Source], category: str = "sports") -> pl.DataFrame:
    """List the sources as the asset does."""
    rows = list_candidates(sources, category, open_listings(home), to_be_spared(home))
    home.lake.write(rows.lazy(), "candidate_videos", category, schema=tables.CandidateVideos)
    return rows


def acquire(home: Home, *urls: str, retry_quarantined: bool = False) -> dict[str, dict]:
    """Bring them here; what became of each, by its address."""
    candidates(home, [Source(url, "sports", kind="url") for url in urls])
    fill(home, retry_quarantined=retry_quarantined)
    rows = home.lake.scan("acquired_videos", "sports").collect().rows(named=True)
    return {row["source_uri"]: row for row in rows}


def fill(home: Home, *, retry_quarantined: bool = False) -> FillReport:
    return home.fill(acquired_videos, "sports", home.fill_options(retry_quarantined=retry_quarantined))


def media(home: Home, row: dict) -> bytes:
    return (home.path / row["media_uri"]).read_bytes()
