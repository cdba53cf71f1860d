"""The files of a folder that may be videos: all but hidden files and known sidecars."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

_METADATA = (".json", ".jsonl", ".description", ".nfo", ".xml", ".html", ".toml", ".yaml", ".yml", ".txt", ".md")
_SUBTITLES = (".vtt", ".srt", ".ass", ".ssa", ".lrc", ".ttml", ".srv1", ".srv2", ".srv3", ".json3")
_TABLES = (".csv", ".tsv")
_TRANSFERS = (".md5", ".sha256", ".log", ".part", ".ytdl", ".tmp", ".crdownload", ".aria2")
SIDECARS = frozenset((*_METADATA, *_SUBTITLES, *_TABLES, *_TRANSFERS))
"""Endings of what lies beside videos: metadata, subtitles, notes, checksums, downloads that are not done."""
THUMBNAILS = frozenset([".jpg", ".jpeg", ".png", ".webp", ".avif"])
"""Endings of pictures: sidecars only beside a file of the same stem."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A regular file as its folder lists it."""

    path: str
    size_bytes: int
    modified_nanoseconds: int


def files_in(path: str) -> Iterator[Found]:
    """The possible videos under a folder, or the file itself, in the order of their names' bytes.

    Links are followed, each folder entered once, so a loop of links ends. What cannot be listed is warned about.
    """
    if os.path.isdir(path):
        yield from _walk(path, entered=set())
    elif (found := _regular_file(path)) is not None:
        yield found


def _walk(folder: str, *, entered: set[tuple[int, int]]) -> Iterator[Found]:
    try:
        status = os.stat(folder)
        names = sorted((name for name in os.listdir(folder) if not name.startswith(".")), key=os.fsencode)
    except OSError as error:
        log.warning("skipped a folder that cannot be listed: %s", ascii(str(error)))
        return
    if (status.st_dev, status.st_ino) in entered:
        return
    entered.add((status.st_dev, status.st_ino))
    stems = {os.path.splitext(name)[0] for name in names if _ending(name) not in SIDECARS | THUMBNAILS}
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            yield from _walk(path, entered=entered)
        elif not _is_sidecar(name, video_stems=stems) and (found := _regular_file(path)) is not None:
            yield found


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _is_sidecar(name: str, *, video_stems: set[str]) -> bool:
    if _ending(name) in THUMBNAILS:
        return os.path.splitext(name)[0] in video_stems
    return _ending(name) in SIDECARS


def _regular_file(path: str) -> Found | None:
    """Null for broken links, pipes, sockets and devices."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return Found(path, status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None
