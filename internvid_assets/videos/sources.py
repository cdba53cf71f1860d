"""Where videos come from: the registry of sources, and what they hold at this moment."""

from __future__ import annotations

import json
import logging
import os
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import polars as pl
from filelock import FileLock

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.media.opening import local_path
from internvid_assets.videos.folders import Found, files_in
from internvid_assets.videos.sidecars import read_metadata, video_id

REGISTRY = "sources.toml"
_HEADER = (
    "# Where videos come from; `internvid ingest PATH --category C` appends. Folders are listed anew by every run.\n"
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A file or folder of videos and the category they belong to."""

    path: str
    """Absolute; may hold bytes that are no UTF-8, as `os.fsdecode` gives them."""
    category: str
    query: str | None = None
    """The search that found them, for files whose sidecar names none."""


def add_source(home: Path, path: str | os.PathLike[str], category: str = "other", query: str | None = None) -> Source:
    """Append a file or folder to the registry of `home`, once; safe beside other processes that do the same.

    Raises `UserError` for a path that does not exist and for an unknown category.
    """
    source = Source(os.path.abspath(path), _category(category, at=f"ingest {os.fspath(path)!r}"), query)
    if not os.path.exists(source.path):
        raise UserError(f"{_printable(source.path)} does not exist: give a video file or a folder of videos")
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / f"{REGISTRY}.lock"):
        if source not in read_sources(home):
            registry = home / REGISTRY
            text = registry.read_text(encoding="utf-8") if registry.exists() else _HEADER
            aside = home / f"{REGISTRY}.writing"
            aside.write_text(text.rstrip("\n") + "\n\n" + _entry(source), encoding="utf-8")
            os.replace(aside, registry)
    return source


def read_sources(home: Path) -> list[Source]:
    """The registered sources in order; none where there is no registry. Relative paths count from `home`.

    Raises `UserError` for a registry that is no TOML or lacks a path.
    """
    registry = home / REGISTRY
    try:
        entries = tomllib.loads(registry.read_text(encoding="utf-8")).get("sources", [])
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise UserError(f"{registry} cannot be read: {error}") from None
    return [_source(entry, home, at=f"{registry}, source {i}") for i, entry in enumerate(entries, start=1)]


def list_candidates(sources: Iterable[Source], category: str) -> pl.DataFrame:
    """Every file the sources of `category` hold now that is no sidecar, as `candidate_videos`, each file once.

    A source that has vanished offers nothing and is warned about: its rows go, and come back with it.
    """
    rows: dict[str, dict] = {}
    for source in sources:
        if source.category == category:
            _warn_if_gone(source)
            for found in files_in(source.path):
                rows.setdefault(source_uri(found.path), _row(found, source))
    ids = _unique_ids(list(rows.values()))
    frame = pl.DataFrame(
        [{**row, "video_id": key} for row, key in zip(rows.values(), ids, strict=True)],
        schema=tables.CandidateVideos.create_empty().schema,
    )
    return tables.CandidateVideos.validate(frame)


def source_uri(path: str) -> str:
    """The file:// URI of an absolute path, every byte outside letters, digits and `/-._~` percent-encoded."""
    return "file://" + quote(os.fsencode(path), safe="/")


def _row(found: Found, source: Source) -> dict:
    metadata = read_metadata(found.path)
    return {
        "id": metadata.pop("id"),
        "category": source.category,
        "source_uri": source_uri(found.path),
        "file_size_bytes": found.size_bytes,
        "modified_nanoseconds": found.modified_nanoseconds,
        **metadata,
        "query": metadata["query"] or source.query,
    }


def _unique_ids(rows: Sequence[dict]) -> list[str]:
    """The sidecar's own id for the first file that claims it, a hash of the URI for any other."""
    taken: set[str] = set()
    ids = []
    for row in rows:
        own = row.pop("id")
        key = own if own and own not in taken else video_id(row["source_uri"])
        taken.add(key)
        ids.append(key)
    return ids


def _warn_if_gone(source: Source) -> None:
    if not os.path.exists(source.path):
        log.warning("source %s is gone: its videos leave the tables until it is back", _printable(source.path))


def _entry(source: Source) -> str:
    path = source.path if _printable(source.path) == source.path else source_uri(source.path)
    fields = {"path": path, "category": source.category, "query": source.query}
    lines = [f"{name} = {_toml_string(value)}" for name, value in fields.items() if value is not None]
    return "\n".join(["[[sources]]", *lines]) + "\n"


def _toml_string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _source(entry: object, home: Path, *, at: str) -> Source:
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
        raise UserError(f'{at} has no path: write path = "/folder/of/videos"')
    path = os.path.expanduser(entry["path"])
    path = local_path(path) if path.startswith("file://") else os.path.abspath(home / path)
    query = entry.get("query")
    return Source(path, _category(entry.get("category", "other"), at=at), None if query is None else str(query))


def _category(category: object, *, at: str) -> str:
    if category not in tables.CATEGORIES:
        raise UserError(f"{at}: {category!r} is no category; choose one of {', '.join(tables.CATEGORIES)}")
    return str(category)


def _printable(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
