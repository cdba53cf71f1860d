"""Rows of a source's videos, before they have keys; and how text that identifies a video is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from internvid_assets import tables
from internvid_assets.media.addresses import scheme_of, watch_url, youtube_id
from internvid_assets.videos.folders import Found, source_uri
from internvid_assets.videos.sidecars import own_id

SCHEMA: dict[str, pl.DataType] = {
    "own_id": pl.String(),
    "category": pl.String(),
    "source_uri": pl.String(),
    "file_size_bytes": pl.Int64(),
    "modified_nanoseconds": pl.Int64(),
    "title": pl.String(),
    "description": pl.String(),
    "tags": pl.List(pl.String()),
    "language": pl.String(),
    "query": pl.String(),
    "licence": pl.String(),
    "sidecar_uris": pl.List(pl.String()),
    "sidecars_modified_nanoseconds": pl.Int64(),
    "listing_error": pl.String(),
    "listing_error_message": pl.String(),
}
"""`category` is null if the source does not give it; `own_id` is null if there is none that is safe as a key."""

Offer = Mapping[str, Any]


def as_frame(offers: Iterable[Offer]) -> pl.DataFrame:
    return pl.DataFrame(list(offers), schema=SCHEMA)


def of_address(address: str) -> dict[str, Any]:
    """The id and the canonical URI of a URL, an object or a YouTube id, so that each video has a single spelling."""
    known = youtube_id(address)
    return {"own_id": known, "source_uri": watch_url(known)} if known else {"own_id": None, "source_uri": address}


def of_file(found: Found) -> dict[str, Any]:
    """A local file and the subtitles next to it."""
    return {
        "source_uri": source_uri(found.path),
        "file_size_bytes": found.size_bytes,
        "modified_nanoseconds": found.modified_nanoseconds,
        "sidecar_uris": [source_uri(path) for path in found.subtitles],
        "sidecars_modified_nanoseconds": found.subtitles_modified_nanoseconds,
    }


def of_trouble(at: str, code: str, message: str) -> dict[str, Any]:
    """A row for a line or a listing that does not yield a video."""
    return {"source_uri": at, "listing_error": code, "listing_error_message": " ".join(message.split())[:300]}


def of_entry(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """An entry of a channel, playlist or search, as returned by yt-dlp; None if it has no address."""
    address = entry.get("url") or entry.get("webpage_url") or entry.get("original_url")
    if not isinstance(address, str) or not scheme_of(address):
        address = entry.get("id") if youtube_id(str(entry.get("id"))) else None
    return {**of_address(address), "title": entry.get("title")} if address else None


def category_named(name: object) -> str | None:
    """One of the sixteen categories, by its name here or on YouTube (`Howto & Style`); None for any other."""
    words = re.sub(r"[\W_]+", "_", str(name).lower().replace("&", " and ")).strip("_")
    return words if words in tables.CATEGORIES else None


def safe_id(value: object) -> str | None:
    return own_id(value) if isinstance(value, str) else None
