"""The files of a folder that may be videos: all but hidden files and known sidecars."""

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
"""Endings of what lies beside videos: metadata, subtitles, notes, checksums, downloads that are not done."""
THUMBNAILS = frozenset([".jpg", ".jpeg", ".png", ".webp", ".avif"])
"""Endings of pictures: sidecars only beside a file of the same stem."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A file as its folder lists it; what is no regular one is 0 bytes large."""

    path: str
    size_bytes: int
    modified_nanoseconds: int
    subtitles: tuple[str, ...] = ()
    subtitles_modified_nanoseconds: int | None = None


def source_uri(path: str) -> str:
    """The file:// URI of an absolute path, every byte outside letters, digits and `/-._~` percent-encoded."""
    return "file://" + quote(os.fsencode(path), safe="/")


def files_in(path: str) -> Iterator[Found]:
    """The possible videos under a folder, or the file itself, in the order of their names' bytes.

    Links are followed, each folder entered once, so a loop of links ends. What cannot be listed is warned about.
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
    """Names that are not hidden, in the order of their bytes."""
    return sorted((name for name in os.listdir(folder or ".") if not name.startswith(".")), key=os.fsencode)


def _subtitles_by_stem(folder: str, names: Sequence[str], video_stems: set[str]) -> Mapping[str, list[Found]]:
    """`talk.vtt`, `talk.en.vtt` and the like, under the path of `talk` without its ending."""
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
    """Whether a file of this name accompanies a video; a picture does so only beside one of its stem."""
    if _ending(name) in THUMBNAILS:
        return os.path.splitext(name)[0] in video_stems
    return _ending(name) in SIDECARS


def _file(path: str) -> Found | None:
    """A regular file, or what says that it is none: a pipe, a device and a broken link are rows with a reason, too."""
    try:
        return _regular_file(path) or Found(path, 0, os.lstat(path).st_mtime_ns)
    except OSError:  # it has vanished since it was listed
        return None


def _regular_file(path: str) -> Found | None:
    """Null for broken links, pipes, sockets and devices."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return Found(path, status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None
