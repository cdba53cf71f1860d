"""A release's files, written by DuckDB in bounded memory: the rows of each subset, and the status of each video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from internvid_assets.cells.errors import RunStopped
from internvid_assets.cells.remembered import fetch_one
from internvid_assets.cells.sql_text import listed, quoted
from internvid_assets.home import Home
from internvid_assets.releases.shelf import VIDEOS, subset_file
from internvid_assets.selects.running import bounded

CAPTIONED = """
    select
        clips.clip_id, clips.category, clips.start_seconds, clips.end_seconds,
        fused_captions.caption, fused_captions.recipe as caption_recipe, umt_score, aesthetic_score
    from {clips} as clips
    semi join (select video_id from {videos} where rejection_reason is null) as videos using (video_id)
    inner join {fused_captions} as fused_captions using (clip_id)
    left join {umt_scores} as umt_scores using (clip_id)
    left join {aesthetic_scores} as aesthetic_scores using (clip_id)
    where clips.rejection_reason is null and clips.error is null"""
"""A category's clips as its tables have them now: computed once, since every subset is compared with them.

A video that was taken down or rejected since has none, though its clips remain until `clips` is materialized again.
"""

CAPTIONED_FROM = ("videos", "clips", "fused_captions", "umt_scores", "aesthetic_scores")

CHOSEN = """
    select chosen.*, captioned.start_seconds, captioned.end_seconds, captioned.caption_recipe
    from {chosen} as chosen
    left join {captioned} as captioned
        on chosen.clip_id = captioned.clip_id and chosen.category = captioned.category
        and chosen.caption = captioned.caption
        and chosen.umt_score is not distinct from captioned.umt_score
        and chosen.aesthetic_score is not distinct from captioned.aesthetic_score
    order by chosen.rank, chosen.clip_id, chosen.category"""

JUDGED = """
    select
        videos.video_id, videos.category, videos.source_uri, videos.content_hash, videos.rejection_reason,
        withheld_videos.reason as withheld_reason
    from {videos} as videos
    left join {withheld_videos} as withheld_videos using (video_id, category)
    order by videos.category, videos.video_id"""


def write_content(home: Home, folder: Path, categories: Sequence[str], subsets: Sequence[str], scratch: Path) -> None:
    """Write `subsets/<name>.parquet` and `videos.parquet` below `folder`; `scratch` is for intermediate files.

    Raises RunStopped for a subset with a row that the tables do not have, and for a table that cannot be read.
    """
    (folder / subset_file("")).parent.mkdir(parents=True)
    with duckdb.connect(config=bounded(home.settings.memory_limit)) as connection:
        try:
            captioned = [_write_captioned(connection, home, category, scratch) for category in categories]
            for subset in subsets:
                _write_chosen(connection, home, subset, captioned, folder / subset_file(subset))
            _copy(connection, JUDGED, folder / VIDEOS, home, ["videos", "withheld_videos"])
        except duckdb.Error as error:
            reason = " ".join(str(error).split())[:300]
            raise RunStopped(f"no release made: a table cannot be read, or its copy written: {reason}") from None


def _write_captioned(connection: duckdb.DuckDBPyConnection, home: Home, category: str, scratch: Path) -> Path:
    path = scratch / f"{category}.parquet"
    _copy(connection, CAPTIONED, path, home, CAPTIONED_FROM, category)
    return path


def _copy(
    connection: duckdb.DuckDBPyConnection,
    select: str,
    destination: Path,
    home: Home,
    tables: Sequence[str],
    category: str | None = None,
) -> None:
    paths = {table: [home.lake.path(table, category)] if category else home.lake.paths(table) for table in tables}
    _write(connection, select.format(**{table: _rows(found) for table, found in paths.items()}), destination)


def _write_chosen(
    connection: duckdb.DuckDBPyConnection, home: Home, subset: str, captioned: Sequence[Path], destination: Path
) -> None:
    select = CHOSEN.format(chosen=_rows(home.lake.paths(subset)), captioned=_rows(captioned))
    _write(connection, select, destination)
    strange = f"from {_rows([destination])} where caption_recipe is null"
    rows, example = fetch_one(connection, f"select count(*), min(clip_id) {strange}")
    if rows:
        way_out = "it is out of date; run: internvid materialize"
        raise RunStopped(f"{subset} has {rows} rows that differ from the tables, such as {example}; {way_out}")


def _rows(paths: Sequence[Path | None]) -> str:
    return f"read_parquet({listed(paths)}, union_by_name = true, hive_partitioning = false)"


def _write(connection: duckdb.DuckDBPyConnection, select: str, destination: Path) -> None:
    connection.execute(f"copy ({select}) to {quoted(destination)} (format parquet, compression zstd)")
