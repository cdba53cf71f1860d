"""Names of subtitle files: `talk.mp4` may have `talk.vtt`, `talk.en.sdh.srt` and `talk.en-orig.json3`.

Between the video's name and the extension there may be a language tag and marks, in any order, each after a dot.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

SUBTITLES = (".vtt", ".srt", ".ass", ".ssa", ".lrc", ".ttml", ".srv1", ".srv2", ".srv3", ".json3")
FORMATS = ("json3", "vtt", "ttml", "ass", "ssa", "srt")
"""Readable extensions, in order of preference among files of one language: earlier ones more often time each word."""
UNDETERMINED = "und"
"""The ISO 639 code for an unknown language."""

AUTOMATIC = ("auto", "automatic", "asr", "orig")
"""Marks of speech recognition, separate or as part of a tag: yt-dlp writes `en-orig`."""
_KINDS = ("sdh", "cc", "hi", "default", "full", "manual", "subs", "captions")
"""Marks unrelated to the language: `hi` means hearing impaired, and Hindi only if there is no other tag."""

_TAG = re.compile(r"(?=.{2,20}$)[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")


def stems(name: str) -> Iterator[str]:
    """The stems of the videos it may belong to, the most likely first: for `a.b.en.vtt`, `a.b.en`, then `a.b`.

    Between stem and extension there is at most one word that is not a mark.
    """
    stem, tags = os.path.splitext(name)[0], 0
    yield stem
    while "." in stem and tags <= 1:
        stem, _, word = stem.rpartition(".")
        tags += not _is_mark(word)
        if tags <= 1:
            yield stem


def language_tag(name: str, stem: str) -> str:
    """`en-US` for `talk.en-US.vtt` and the stem `talk`; `und` for `talk.vtt` and for anything that is not a tag."""
    words = name[len(stem) + 1 :].split(".")[:-1]
    tags = [word for word in words if not _is_mark(word)] or [word for word in words if word.lower() == "hi"]
    return tags[0] if len(tags) == 1 and _TAG.fullmatch(tags[0]) else UNDETERMINED


def _is_mark(word: str) -> bool:
    return word.lower() in AUTOMATIC or word.lower() in _KINDS
