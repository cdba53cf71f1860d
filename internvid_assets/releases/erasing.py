"""Erasing the data of videos from a home: stored calls, frames and downloaded files that no other video shares.

A plan is written to `erasures/` first: the tables it is derived from may change before a killed erasure is resumed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.cells.feature import Feature
from internvid_assets.cells.forgetting import calls_of, forget
from internvid_assets.cells.lease import lease
from internvid_assets.home import Home
from internvid_assets.videos.takedowns import read_takedowns

PLAN = {"kind": pl.String(), "table": pl.String(), "category": pl.String(), "name": pl.String()}
"""What to erase: a `call` (its input), a `picture` (a frame's hash) or a `file` (its path below the home)."""


@dataclass
class Erased:
    """What was erased: calls by table, frames, and downloaded files."""

    calls: dict[str, int] = field(default_factory=dict)
    pictures: int = 0
    files: int = 0


def copies_of(home: Home, ids: Collection[str]) -> pl.DataFrame:
    """(video_id, content_hash) of the videos and of every video with equal bytes; "" if the bytes are unknown."""
    videos = home.lake.scan_all("videos").select("video_id", pl.col("content_hash").fill_null(""))
    hashes = videos.filter(pl.col("video_id").is_in(list(ids)) & (pl.col("content_hash") != "")).select("content_hash")
    found = pl.concat(
        [videos.filter(pl.col("video_id").is_in(list(ids))), videos.join(hashes, on="content_hash", how="semi")]
    )
    named = pl.LazyFrame({"video_id": list(ids)}, schema={"video_id": pl.String})
    never_seen = named.join(found, on="video_id", how="anti").with_columns(content_hash=pl.lit(""))
    return pl.concat([found, never_seen]).unique().sort("video_id", "content_hash").collect()


def write_plan(home: Home, ids: Collection[str], features: Iterable[Feature]) -> None:
    """Write the plan of what to erase in all categories. Ids that are no longer in any table add nothing."""
    features = [feature for feature in features if feature.is_partitioned]
    plans = [plan for category in tables.CATEGORIES for plan in _plans(home, category, set(ids), features)]
    plan = pl.concat([pl.DataFrame(schema=PLAN), *plans])
    if plan.height:
        # Named after its content: an unfinished plan is not replaced by a later, shorter one for the same videos.
        name = hashlib.blake2b(plan.write_csv().encode(), digest_size=8).hexdigest()
        (folder := _folder(home)).mkdir(parents=True, exist_ok=True)
        plan.write_parquet(folder / f"{name}.writing")
        os.replace(folder / f"{name}.writing", folder / f"{name}.parquet")


def mark(home: Home, videos: Feature, ids: Collection[str]) -> None:
    """Apply the takedowns to `takedowns` and `videos` at once: later materializations exclude these videos."""
    home.lake.write(read_takedowns(home.path).lazy(), "takedowns", None, schema=tables.Takedowns)
    for category in tables.CATEGORIES:
        rows, version = home.lake.scan("videos", category), home.lake.version("videos", category)
        if version and rows.filter(pl.col("video_id").is_in(list(ids))).limit(1).collect().height:
            with lease(home.path, "videos", category, holder="internvid takedown"):
                judged = home.judged(videos, rows.drop(videos.derived), category)
                home.lake.write(judged, "videos", category, schema=videos.schema, recipe=version.recipe)


def erase(home: Home, features: Iterable[Feature]) -> Erased:
    """Carry out all plans. Raises UserError if a run is using a table: the plan is kept for later."""
    by_name, erased = {feature.name: feature for feature in features}, Erased()
    for path in sorted(_folder(home).glob("*.parquet")):
        for (kind, table, category), rows in _read_plan(path).group_by("kind", "table", "category"):
            names = rows["name"].to_list()
            with lease(home.path, str(table), str(category), holder="internvid takedown"):
                if kind == "call":
                    gone = forget(by_name[str(table)], str(category), home.lake, names)
                    erased.calls[str(table)] = erased.calls.get(str(table), 0) + gone
                elif kind == "picture":
                    erased.pictures += home.frames(str(category)).remove(names)
                else:
                    erased.files += sum(_removed(home.path / name) for name in names)
        path.unlink()
    return erased


def _read_plan(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, columns=[*PLAN])
    except pl.exceptions.PolarsError:
        way_out = "restore it, or remove it: then the data it lists are not erased, though no table shows them"
        raise UserError(f"{path} is damaged; {way_out}") from None


def _folder(home: Home) -> Path:
    return home.path / "erasures"


def _plans(home: Home, category: str, ids: set[str], features: Iterable[Feature]) -> Iterator[pl.DataFrame]:
    lake = home.lake
    is_named = pl.col("video_id").is_in(list(ids))
    clips = lake.scan("clips", category).filter(is_named).select("clip_id").drop_nulls().collect().lazy()
    for feature in features:
        rows = lake.scan(feature.name, category)
        if "video_id" in (columns := rows.collect_schema().names()):
            owned = rows.filter(is_named)
        elif "clip_id" in columns:
            owned = rows.join(clips, on="clip_id", how="semi")
        else:
            continue
        yield _planned("call", feature.name, category, calls_of(rows, owned))
    frames = lake.scan("clip_frames", category)
    theirs = frames.join(clips, on="clip_id", how="semi").select("frame_hash").drop_nulls().unique()
    others = frames.join(clips, on="clip_id", how="anti").select("frame_hash")
    pictures = theirs.join(others, on="frame_hash", how="anti").collect()["frame_hash"].to_list()
    yield _planned("picture", "clip_frames", category, pictures)
    yield _planned("file", "acquired_videos", category, [*_fetched(home, category, ids)])


def _planned(kind: str, table: str, category: str, names: Collection[str]) -> pl.DataFrame:
    columns = {"kind": [kind], "table": [table], "category": [category]}
    return pl.DataFrame(columns).join(pl.DataFrame({"name": list(names)}, schema={"name": pl.String}), how="cross")


def _fetched(home: Home, category: str, ids: set[str]) -> Iterator[str]:
    """Downloaded originals, with their receipts and subtitles; local files that are only referenced are kept."""
    folder = home.path / "media" / category
    acquired = home.lake.scan("acquired_videos", category).filter(pl.col("video_id").is_in(list(ids)))
    for uri in acquired.select("media_uri").drop_nulls().collect()["media_uri"]:
        media = home.path / uri
        if media.parent == folder:
            yield from (str(path.relative_to(home.path)) for path in folder.glob(f"{_glob_safe(media.stem)}.*"))


def _glob_safe(stem: str) -> str:
    """The stem as a glob pattern that matches only itself."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in stem)


def _removed(path: Path) -> int:
    was_there = path.is_file()
    path.unlink(missing_ok=True)
    return int(was_there)
