"""Where videos come from: the registry of sources, `sources.toml`."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from filelock import FileLock

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.media.opening import local_path
from internvid_assets.videos.folders import source_uri

REGISTRY = "sources.toml"
_HEADER = "# Where videos come from; `internvid ingest PATH --category C` appends. Every run lists folders again.\n"

Kind = Literal["path", "url", "list", "channel", "search", "queries"]
"""A file or folder; a URL or object-store prefix; a list file; a channel or playlist; one search; one search per action
query and language. In the registry, the kind is the key and the place its value."""

DEFAULT_TOP = 20


@dataclass(frozen=True)
class Source:
    """A source of videos, and their category unless a list gives another."""

    place: str
    """Paths are absolute, and may contain bytes that are not UTF-8, decoded with `os.fsdecode`."""
    category: str
    query: str | None = None
    """The search query for videos that have none of their own."""
    kind: Kind = "path"
    top: int | None = None
    """Number of search results to use."""

    @property
    def is_local(self) -> bool:
        return self.kind in ("path", "list")

    @property
    def name(self) -> str:
        """The name in `candidate_videos.source`."""
        return printable(self.place) if self.kind in ("path", "list", "url") else f"{self.kind}: {self.place}"


def add_source(
    home: Path,
    place: str | os.PathLike[str],
    category: str = "other",
    query: str | None = None,
    *,
    kind: Kind = "path",
    top: int | None = None,
) -> Source:
    """Append a source to the registry of `home` unless it is there; safe with concurrent processes.

    Raises `UserError` for a path that does not exist and for an unknown category.
    """
    text = os.fspath(place)
    checked = _category(category, at=f"ingest {text!r}")
    source = Source(os.path.abspath(text) if kind in ("path", "list") else text, checked, query, kind, top)
    if source.is_local and not os.path.exists(source.place):
        raise UserError(f"{source.name} does not exist: give a video file or a folder of videos")
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
    """The registered sources in order; none if there is no registry. Paths are relative to `home`.

    Raises `UserError` if the registry is not valid TOML or an entry has no place.
    """
    registry = home / REGISTRY
    try:
        entries = tomllib.loads(registry.read_text(encoding="utf-8")).get("sources", [])
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise UserError(f"{registry} cannot be read: {error}") from None
    return [_source(entry, home, at=f"{registry}, source {i}") for i, entry in enumerate(entries, start=1)]


def printable(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "replace")


def _entry(source: Source) -> str:
    is_text = not source.is_local or printable(source.place) == source.place
    place = source.place if is_text else source_uri(source.place)
    fields = {source.kind: place, "category": source.category, "query": source.query, "top": source.top}
    lines = [f"{name} = {_toml_value(value)}" for name, value in fields.items() if value is not None]
    return "\n".join(["[[sources]]", *lines]) + "\n"


def _toml_value(value: str | int) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _source(entry: object, home: Path, *, at: str) -> Source:
    fields = entry if isinstance(entry, dict) else {}
    kind: Kind | None = next((kind for kind in get_args(Kind) if isinstance(fields.get(kind), str)), None)
    if kind is None:
        raise UserError(f'{at} has no path: write path = "/folder/of/videos", or one of {", ".join(get_args(Kind))}')
    place = _absolute(fields[kind], home) if kind in ("path", "list") else fields[kind]
    query, top = fields.get("query"), fields.get("top")
    if top is not None and not (isinstance(top, int) and top > 0):
        raise UserError(f"{at}: top = {top!r} is not a number of videos; write top = {DEFAULT_TOP}")
    category = _category(fields.get("category", "other"), at=at)
    return Source(place, category, None if query is None else str(query), kind, top)


def _absolute(path: str, home: Path) -> str:
    path = os.path.expanduser(path)
    return local_path(path) if path.startswith("file://") else os.path.abspath(home / path)


def _category(category: object, *, at: str) -> str:
    if category not in tables.CATEGORIES:
        raise UserError(f"{at}: {category!r} is not a category; choose one of {', '.join(tables.CATEGORIES)}")
    return str(category)
