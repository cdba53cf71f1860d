"""Videos to be removed on request: the registry `takedowns.csv`, read by every listing of candidates."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from filelock import FileLock

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.cells.feature import schema_of

REGISTRY = "takedowns.csv"
TAKEN_DOWN = "taken_down"
"""The rejection reason of such a video, and the error code of its acquisition."""


def read_takedowns(home: Path) -> pl.DataFrame:
    """The registry as the table `takedowns`; missing columns are empty. Raises UserError for a damaged file."""
    types = schema_of(tables.Takedowns)
    registry = home / REGISTRY
    try:
        with registry.open(encoding="utf-8", newline="") as file:
            lines = [{name: (line.get(name) or "").strip() for name in types} for line in csv.DictReader(file)]
    except FileNotFoundError:
        return pl.DataFrame(schema=types)
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(
            f"{registry} cannot be read: {error}; expected CSV with the columns {', '.join(types)}"
        ) from None
    unnamed = [number for number, line in enumerate(lines, start=2) if not line["video_id"]]
    if unnamed:
        raise UserError(
            f"{registry}, line {unnamed[0]}: no video_id; the first line must name the columns {', '.join(types)}"
        )
    return pl.DataFrame(lines, schema=types).unique(["video_id", "content_hash"], keep="first", maintain_order=True)


def add_takedowns(home: Path, videos: Iterable[tuple[str, str]], reason: str) -> None:
    """Append new (video_id, content_hash) pairs; safe with concurrent processes.

    An empty hash means that the content of the video is unknown.
    """
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / f"{REGISTRY}.lock"):
        registered = read_takedowns(home)
        known = set(registered.select("video_id", "content_hash").iter_rows())
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        new = [(*video, reason, now) for video in dict.fromkeys(videos) if video not in known]
        aside = home / f"{REGISTRY}.writing"
        pl.concat([registered, pl.DataFrame(new, schema=registered.schema, orient="row")]).write_csv(aside)
        os.replace(aside, home / REGISTRY)


def refuse_taken_down(home: Path, table: str, video_ids: pl.LazyFrame) -> None:
    """Raises UserError if rows to be exported belong to videos that were taken down after `table` was made.

    `video_ids` has one column, with one or more rows per video.
    """
    gone = read_takedowns(home)["video_id"]
    still = pl.DataFrame() if gone.is_empty() else video_ids.filter(pl.first().is_in(gone.implode())).unique().collect()
    if still.height:
        rows = f"{still.height:,} videos that have been taken down since, such as {still.item(0, 0)}"
        raise UserError(f"{table} still contains {rows}; update it first: internvid materialize")
