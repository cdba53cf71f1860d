"""Listings: the contents of lists, prefixes, channels and searches when last read, cached in files.

A site is queried again only for listings older than `listing_max_age_hours`; a killed run continues. A listing that
fails becomes a row with an error, or the older listing is used with a warning: failures are never silent.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from internvid_assets.cells.errors import CallError
from internvid_assets.home import Home
from internvid_assets.videos.hosts import Hosts, in_lanes
from internvid_assets.videos.lists import read_list
from internvid_assets.videos.objects import list_objects
from internvid_assets.videos.offers import SCHEMA, as_frame, of_entry, of_trouble
from internvid_assets.videos.pages import extract_entries

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Search:
    """A search query, with the language passed to the site; the top N results by views are used."""

    query: str
    top: int
    language: str | None = None


@dataclass(frozen=True)
class Listings:
    """`listings/` of a home. Offline (for a plan), no requests are sent and the cached listings are used."""

    home: Path
    parameters: Any
    hosts: Hosts
    queries: Sequence[tuple[str, str | None]] = ()
    """(query, language) of every action query."""
    is_offline: bool = False
    allow_private_addresses: bool = False
    problems: list[str] = field(default_factory=list)
    _read: dict[Path, pl.DataFrame] = field(default_factory=dict)

    def of_list(self, path: str) -> pl.DataFrame:
        """A list file, parsed once per version of the file."""
        status = os.stat(path)
        file = self._file("list", path, status.st_size, status.st_mtime_ns)
        if file not in self._read:
            self._read[file] = pl.read_parquet(file) if file.exists() else self._remember(file, read_list(path))
        return self._read[file]

    def of_prefix(self, prefix: str) -> pl.DataFrame:
        """The current contents of an object-store prefix."""
        return self._remembered(prefix, lambda: as_frame(list_objects(prefix)), max_age_hours=0)

    def of_channel(self, url: str) -> pl.DataFrame:
        return self._remembered(url, lambda: self._entries(url))

    def of_search(self, search: Search) -> pl.DataFrame:
        looked_at = search.top * self.parameters.search_depth
        url = self.parameters.search_url.format(
            count=looked_at, query=_worded(search.query, self.parameters.search_url)
        )
        found = self._remembered(
            url, lambda: self._by_views(url, search, looked_at), salt=(search.top, search.language)
        )
        return found.with_columns(query=pl.lit(search.query))

    def of_queries(self, top: int) -> list[pl.DataFrame]:
        """One search per action query and language, a few at a time."""
        searches = [Search(query, top, language) for query, language in self.queries]
        calls = deque([lambda at=at: (at, self.of_search(searches[at])) for at in range(len(searches))])
        answers = in_lanes({"search": calls}, self.hosts, concurrency=4, connections_per_host=4)
        found = dict(chain.from_iterable(answers))
        return [found[at] for at in range(len(searches))]

    def _remembered(
        self,
        address: str,
        look: Callable[[], pl.DataFrame],
        *,
        max_age_hours: float | None = None,
        salt: tuple[Any, ...] = (),
    ) -> pl.DataFrame:
        file = self._file("web", address, *salt)
        hours = self.parameters.listing_max_age_hours if max_age_hours is None else max_age_hours
        is_known = file.exists()
        if is_known and (self.is_offline or time.time() - file.stat().st_mtime < hours * 3600):
            return pl.read_parquet(file)
        if self.is_offline:
            return pl.DataFrame(schema=SCHEMA)
        try:
            return self._remember(file, look())
        except Exception as error:
            return self._failed(address, error, file if is_known else None)

    def _entries(self, url: str) -> pl.DataFrame:
        offers = [offer for entry in self._looked_up(url) if (offer := of_entry(entry))]
        if not offers:
            raise CallError("listing_failed", f"{url} lists no videos")
        return as_frame(offers)

    def _by_views(self, url: str, search: Search, looked_at: int) -> pl.DataFrame:
        """The most viewed first; those without a view count last, in the order found."""
        entries = self._looked_up(url, limit=looked_at, language=search.language)
        offers = [offer for entry in sorted(entries, key=_views, reverse=True) if (offer := of_entry(entry))]
        return as_frame(offers[: search.top])

    def _looked_up(self, url: str, **options: Any) -> list[dict[str, Any]]:
        return extract_entries(url, self.hosts, allow_private_addresses=self.allow_private_addresses, **options)

    def _failed(self, address: str, error: Exception, older: Path | None) -> pl.DataFrame:
        reason = " ".join(str(error).split())[:300]
        self.problems.append(f"{address} could not be listed: {reason}")
        log.warning("%s could not be listed%s: %s", address, ", its older listing is used" if older else "", reason)
        return pl.read_parquet(older) if older else as_frame([of_trouble(address, "listing_failed", reason)])

    def _file(self, *words: object) -> Path:
        digest = hashlib.blake2b("\0".join(map(str, words)).encode("utf-8", "surrogateescape"), digest_size=12)
        return self.home / "listings" / f"{digest.hexdigest()}.parquet"

    def _remember(self, file: Path, rows: pl.DataFrame) -> pl.DataFrame:
        if self.is_offline:
            return rows
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_suffix(f".{os.getpid()}.writing")
        rows.write_parquet(aside)
        os.replace(aside, file)
        return rows


def _views(entry: Mapping[str, Any]) -> int:
    """The view count; if unknown, less than any count."""
    views = entry.get("view_count")
    return views if isinstance(views, int) else -1


def _worded(query: str, search_url: str) -> str:
    """Unchanged for yt-dlp's own searches (`ytsearch10:a dog runs`), quoted for a URL."""
    return quote(query, safe="") if "://" in search_url else query


def open_listings(home: Home, *, is_offline: bool = False) -> Listings:
    """The listings of a home, with its settings and its action queries."""
    fetching = home.settings.acquired_videos
    hosts, may_lead_inside = Hosts(fetching.requests_per_second), fetching.allow_private_addresses
    return Listings(home.path, home.settings.candidate_videos, hosts, _queries(home), is_offline, may_lead_inside)


def _queries(home: Home) -> list[tuple[str, str | None]]:
    """(query, language) of every action query, original or translated; none if the tables were not made."""
    worded = home.lake.scan("action_queries").filter(pl.col("rejection_reason").is_null())
    translated = home.lake.scan("query_translations").filter(pl.col("error").is_null())
    columns = ["query", "language"]
    return list(
        pl.concat([worded.select(columns), translated.select(columns)])
        .unique(maintain_order=True)
        .collect()
        .iter_rows()
    )
