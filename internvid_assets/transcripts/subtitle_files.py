"""The subtitle files beside videos: `talk.mp4` may have `talk.en.vtt`, `talk.srt` and `talk.en-orig.json3`."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import polars as pl

from internvid_assets import tables
from internvid_assets.media.opening import local_path
from internvid_assets.videos.sources import source_uri

FORMATS = ("json3", "vtt", "ttml", "ass", "ssa", "srt")
"""Endings that are read; of two files in one language the earlier ending counts: it is likelier to time its words."""
UNDETERMINED = "und"
"""ISO 639's code where neither the file's name nor the video's metadata name a language."""

_AUTOMATIC = frozenset(["auto", "automatic", "asr", "orig"])
"""Words between the video's name and the ending that mark speech recognition; yt-dlp writes `en-orig`."""
_KINDS = frozenset(["sdh", "cc", "hi", "default", "full", "manual", "subs", "captions"])
"""Words that say nothing about the language: `hi` is for the hearing impaired, and Hindi only where it stands alone."""

NamesByStem = Mapping[str, list[str]]


@dataclass(frozen=True)
class SubtitleFile:
    """A subtitle file as its folder lists it."""

    path: str
    language: str | None
    """ISO 639 code from the name; null where it names none."""
    is_automatic: bool
    format: str
    size_bytes: int
    modified_nanoseconds: int


def list_subtitles(videos: pl.DataFrame) -> pl.DataFrame:
    """`subtitle_files` of rows with `video_id`, `category`, `source_uri` and `language`, each folder listed once."""
    located = sorted((os.path.split(local_path(row["source_uri"])), row["video_id"], row) for row in _rows(videos))
    found = []
    for folder, group in groupby(located, key=lambda one: one[0][0]):
        names = names_by_stem(folder)
        for (_, name), _, row in group:
            found += [_listed(file, row) for file in subtitles_beside(os.path.join(folder, name), names)]
    return pl.DataFrame(found, schema=tables.SubtitleFiles.create_empty().schema)


def _rows(videos: pl.DataFrame) -> Iterable[dict]:
    """Videos that lie on a local disk."""
    columns = videos.select("video_id", "category", "source_uri", "language")
    return (row for row in columns.iter_rows(named=True) if row["source_uri"].startswith("file://"))


def _listed(file: SubtitleFile, row: dict) -> dict:
    return {
        "video_id": row["video_id"],
        "category": row["category"],
        "subtitle_uri": source_uri(file.path),
        "language": file.language or row["language"] or UNDETERMINED,
        "is_automatic": file.is_automatic,
        "format": file.format,
        "file_size_bytes": file.size_bytes,
        "modified_nanoseconds": file.modified_nanoseconds,
    }


def subtitles_beside(media_path: str, names: NamesByStem | None = None) -> list[SubtitleFile]:
    """The subtitle files of one video, by name; `names` are its folder's, so that it need not be listed again."""
    folder, name = os.path.split(media_path)
    stem = os.path.splitext(name)[0]
    beside = (names_by_stem(folder) if names is None else names).get(stem, [])
    files = (_subtitle_file(folder, other, other[len(stem) + 1 :].split(".")) for other in beside)
    return [file for file in files if file is not None]


def names_by_stem(folder: str) -> NamesByStem:
    """The names of a folder that end like subtitles, in order, under every stem that a video of theirs may have."""
    by_stem: dict[str, list[str]] = defaultdict(list)
    try:
        names = sorted(os.listdir(folder), key=os.fsencode)
    except OSError:
        return by_stem
    for name in names:
        if not name.startswith(".") and _ending(name) in FORMATS:
            for stem in _stems(name):
                by_stem[stem].append(name)
    return by_stem


def _ending(name: str) -> str:
    return os.path.splitext(name)[1][1:].lower()


def _stems(name: str) -> Iterator[str]:
    """`a.b.en.vtt` may belong to a video called `a.b.en`, `a.b` or `a`; more words than that are no markers."""
    stem = os.path.splitext(name)[0]
    for _ in range(4):
        yield stem
        stem, separator, _ = stem.rpartition(".")
        if not separator:
            return


def _subtitle_file(folder: str, name: str, words: list[str]) -> SubtitleFile | None:
    """Null where a word between stem and ending is neither language nor marker: it is another video's file."""
    *told, ending = [word.lower() for word in words]
    markers = {word for word in told if word in _AUTOMATIC | _KINDS}
    tags = [re.split("[-_]", word) for word in told if word not in markers]
    languages = [language_code(primary) for primary, *_ in tags]
    if None in languages or len(languages) > 1:
        return None
    if not languages and "hi" in markers:
        languages = ["hi"]
    try:
        status = os.stat(os.path.join(folder, name))
    except OSError:
        return None
    return SubtitleFile(
        os.path.join(folder, name),
        language=languages[0] if languages else None,
        is_automatic=bool(_AUTOMATIC & markers.union(*tags)),
        format=ending,
        size_bytes=status.st_size,
        modified_nanoseconds=status.st_mtime_ns,
    )


@cache
def language_code(primary: str) -> str | None:
    """The language that a tag begins with, as two letters where ISO 639 has them: `eng` and `en` are `en`."""
    import langcodes

    try:
        language = langcodes.Language.get(primary)
    except ValueError:  # langcodes.LanguageTagError is one
        return None
    return language.language if language.is_valid() else None
