"""Candidates: the videos that all sources of a category list at the moment, each with a unique key."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Iterator

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.home import Home
from internvid_assets.queries.known import known_datasets
from internvid_assets.videos.folders import files_in
from internvid_assets.videos.listings import Listings, Search
from internvid_assets.videos.offers import SCHEMA, as_frame, of_address, of_file, of_trouble
from internvid_assets.videos.sidecars import read_metadata, video_id
from internvid_assets.videos.sources import DEFAULT_TOP, Source
from internvid_assets.videos.takedowns import TAKEN_DOWN

KNOWN = {"video_id": pl.String(), "known_dataset": pl.String(), "rejection_reason": pl.String()}

log = logging.getLogger(__name__)


def list_candidates(
    sources: Iterable[Source],
    category: str,
    listings: Listings | None = None,
    known: pl.LazyFrame | None = None,
    taken_down: Collection[str] = (),
) -> pl.DataFrame:
    """All videos that the sources list for `category` now, as `candidate_videos`: one row per source and id.

    A file found by several local sources is one row. Without `listings`, only files and folders are listed. A missing
    source lists nothing, with a warning: its rows disappear until it is back. `known` are the videos that need not be
    downloaded, as returned by `to_be_spared`; those whose ids are in `taken_down` are not downloaded either.
    """
    frames = [_named(frame, source) for source in sources for frame in _offered(source, category, listings)]
    rows = pl.concat([pl.DataFrame(schema={**SCHEMA, "source": pl.String()}), *frames])
    rows = rows.filter(pl.col("category") == category)
    is_file = pl.col("source_uri").str.starts_with("file://") & pl.col("listing_error").is_null()
    once = pl.when(is_file).then(pl.lit("")).otherwise(pl.col("source"))
    rows = rows.filter(pl.struct(once, "source_uri").is_first_distinct())
    keyed = rows.with_columns(video_id=pl.Series(_unique_ids(rows), dtype=pl.String))
    keyed = _with_known(keyed, known if known is not None else pl.LazyFrame(schema=KNOWN))
    keyed = keyed.with_columns(
        rejection_reason=pl.when(pl.col("video_id").is_in(list(taken_down)) | pl.col("own_id").is_in(list(taken_down)))
        .then(pl.lit(TAKEN_DOWN))
        .otherwise("rejection_reason")
    )
    return tables.CandidateVideos.validate(keyed.select(tables.CandidateVideos.column_names()))


def to_be_spared(home: Home) -> pl.LazyFrame:
    """(video_id, known_dataset, rejection_reason): videos of public datasets, and whether they are not downloaded."""
    reason = "known_dataset" if home.settings.videos.exclude_known else None
    held = known_datasets(home.lake.scan("known_videos"), "exclude")
    return held.with_columns(rejection_reason=pl.lit(reason, pl.String))


def categories_offered(sources: Iterable[Source], listings: Listings) -> set[str]:
    """The categories of the sources, and those given in lists."""
    named = {source.category for source in sources}
    for source in sources:
        if source.kind == "list" and os.path.exists(source.place):
            named |= set(_of_list(source, listings)["category"].drop_nulls())
    return named


def _offered(source: Source, category: str, listings: Listings | None) -> Iterator[pl.DataFrame]:
    """The source's videos; only lists contain videos of other categories than the source's own."""
    if source.is_local and not os.path.exists(source.place):
        log.warning("source %s does not exist: its videos are removed from the tables until it is back", source.name)
    elif source.kind == "list" and listings:
        yield _of_list(source, listings)
    elif source.category == category and source.kind == "path":
        yield as_frame(_with_metadata(of_file(found), found.path, source) for found in files_in(source.place))
    elif source.category == category and listings:
        yield from _looked_up(source, listings)


def _looked_up(source: Source, listings: Listings) -> Iterator[pl.DataFrame]:
    if source.kind == "channel":
        yield listings.of_channel(source.place)
    elif source.kind == "search":
        yield listings.of_search(Search(source.place, source.top or DEFAULT_TOP))
    elif source.kind == "queries":
        yield from listings.of_queries(source.top or DEFAULT_TOP)
    elif source.place.startswith(("http://", "https://")):
        yield as_frame([of_address(source.place)])
    else:
        yield listings.of_prefix(source.place)


def _of_list(source: Source, listings: Listings) -> pl.DataFrame:
    """The videos of a list; a list that is no longer readable becomes a row with an error."""
    try:
        return listings.of_list(source.place)
    except UserError as error:
        return as_frame([of_trouble(source.name, "listing_failed", str(error))])


def _with_metadata(offer: dict, path: str, source: Source) -> dict:
    metadata = read_metadata(path)
    return {**offer, **metadata, "own_id": metadata.pop("id")}


def _named(frame: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Fill in the source's category and query where the videos have none."""
    return frame.select(
        pl.all().exclude("category", "query"),
        pl.col("category").fill_null(source.category),
        pl.col("query").fill_null(pl.lit(source.query, pl.String)),
        source=pl.lit(source.name),
    ).select(*SCHEMA, "source")


def _with_known(rows: pl.DataFrame, known: pl.LazyFrame) -> pl.DataFrame:
    """Match known videos by the source's own id, not by the key. Local files are kept: they need no download."""
    named = rows.with_columns(known_id=pl.coalesce("own_id", "video_id"))
    held = known.rename({"video_id": "known_id"}).join(
        named.lazy().select("known_id").unique(), on="known_id", how="semi"
    )
    joined = named.join(held.collect(), on="known_id", how="left", maintain_order="left")
    is_here = pl.col("source_uri").str.starts_with("file://")
    return joined.with_columns(rejection_reason=pl.when(is_here).then(None).otherwise("rejection_reason"))


def _unique_ids(rows: pl.DataFrame) -> list[str]:
    """The source's own id for the first row that has it, or else a hash of the URI, or else of source and URI."""
    taken: set[str] = set()
    ids = []
    for own, uri, source in rows.select("own_id", "source_uri", "source").iter_rows():
        key = next(key for key in _possible_ids(own, uri, source) if key not in taken)
        taken.add(key)
        ids.append(key)
    return ids


def _possible_ids(own: str | None, uri: str, source: str) -> Iterator[str]:
    if own:
        yield own
    yield video_id(uri)
    salt = source
    while True:
        yield video_id(f"{salt}\n{uri}")
        salt += "\n"
