"""The possible videos of a folder: all files except hidden ones and known sidecars."""

from __future__ import annotations

import logging
import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from internvid_assets.videos.subtitle_names import SUBTITLES, stems

_METADATA = (".json", ".jsonl", ".description", ".nfo", ".xml", ".html", ".toml", ".yaml", ".yml", ".txt", ".md")
_TABLES = (".csv", ".tsv")
_TRANSFERS = (".md5", ".sha256", ".log", ".part", ".ytdl", ".tmp", ".crdownload", ".aria2")
SIDECARS = frozenset((*_METADATA, *SUBTITLES, *_TABLES, *_TRANSFERS))
"""Extensions of files that accompany videos: metadata, subtitles, notes, checksums, unfinished downloads."""
THUMBNAILS = frozenset([".jpg", ".jpeg", ".png", ".webp", ".avif"])
"""Extensions of images: sidecars only next to a file of the same stem."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A file as listed by its folder; anything but a regular file has a size of 0 bytes."""

    path: str
    size_bytes: int
    modified_nanoseconds: int
    subtitles: tuple[str, ...] = ()
    subtitles_modified_nanoseconds: int | None = None


def source_uri(path: str) -> str:
    """The file:// URI of an absolute path; all bytes except letters, digits and `/-._~` are percent-encoded."""
    return "file://" + quote(os.fsencode(path), safe="/")


def files_in(path: str) -> Iterator[Found]:
    """The possible videos under a folder, or the file itself, sorted by the bytes of their names.

    Links are followed, and each folder is entered once, so a loop of links ends. Folders that cannot be listed are
    skipped with a warning.
    """
    if os.path.isdir(path):
        yield from _walk(path, entered=set())
    elif (found := _file(path)) is not None:
        folder, name = os.path.split(path)
        yield _with_subtitles(found, _subtitles_by_stem(folder, _listed(folder), {os.path.splitext(name)[0]}))


def _walk(folder: str, *, entered: set[tuple[int, int]]) -> Iterator[Found]:
    try:
        status = os.stat(folder)
        names = _listed(folder)
    except OSError as error:
        log.warning("skipped a folder that cannot be listed: %s", ascii(str(error)))
        return
    if (status.st_dev, status.st_ino) in entered:
        return
    entered.add((status.st_dev, status.st_ino))
    video_stems = {os.path.splitext(name)[0] for name in names if _ending(name) not in SIDECARS | THUMBNAILS}
    subtitles = _subtitles_by_stem(folder, names, video_stems)
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            yield from _walk(path, entered=entered)
        elif not is_sidecar(name, video_stems=video_stems) and (found := _file(path)) is not None:
            yield _with_subtitles(found, subtitles)


def _listed(folder: str) -> list[str]:
    """Names that are not hidden, sorted by their bytes."""
    return sorted((name for name in os.listdir(folder or ".") if not name.startswith(".")), key=os.fsencode)


def _subtitles_by_stem(folder: str, names: Sequence[str], video_stems: set[str]) -> Mapping[str, list[Found]]:
    """`talk.vtt`, `talk.en.vtt` and the like, keyed by the path of `talk` without extension."""
    found: dict[str, list[Found]] = defaultdict(list)
    for name in names:
        if _ending(name) not in SUBTITLES:
            continue
        stem = next((stem for stem in stems(name) if stem in video_stems), None)
        if stem is not None and (file := _regular_file(os.path.join(folder, name))):
            found[os.path.join(folder, stem)].append(file)
    return found


def _with_subtitles(found: Found, by_stem: Mapping[str, Sequence[Found]]) -> Found:
    beside = by_stem.get(os.path.splitext(found.path)[0], ())
    paths = tuple(file.path for file in beside)
    latest = max((file.modified_nanoseconds for file in beside), default=None)
    return replace(found, subtitles=paths, subtitles_modified_nanoseconds=latest)


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def is_sidecar(name: str, *, video_stems: set[str]) -> bool:
    """Whether a file of this name accompanies a video; an image does so only next to a video of the same stem."""
    if _ending(name) in THUMBNAILS:
        return os.path.splitext(name)[0] in video_stems
    return _ending(name) in SIDECARS


def _file(path: str) -> Found | None:
    """The file; a pipe, a device or a broken link has size 0, so that it becomes a row with a reason."""
    try:
        return _regular_file(path) or Found(path, 0, os.lstat(path).st_mtime_ns)
    except OSError:  # it was removed after it was listed
        return None


def _regular_file(path: str) -> Found | None:
    """None for broken links, pipes, sockets and devices."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return Found(path, status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None
