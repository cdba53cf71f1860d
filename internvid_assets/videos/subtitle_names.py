"""What the name of a subtitle file tells: `talk.mp4` may have `talk.vtt`, `talk.en.sdh.srt` and `talk.en-orig.json3`.

Between the video's name and the ending stand a language tag and marks, in any order, each after a dot.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

SUBTITLES = (".vtt", ".srt", ".ass", ".ssa", ".lrc", ".ttml", ".srv1", ".srv2", ".srv3", ".json3")
FORMATS = ("json3", "vtt", "ttml", "ass", "ssa", "srt")
"""Endings that are read; of two files in one language the earlier ending counts: it is likelier to time its words."""
UNDETERMINED = "und"
"""ISO 639's code where nobody names a language."""

AUTOMATIC = ("auto", "automatic", "asr", "orig")
"""Marks of speech recognition, by themselves or in a tag: yt-dlp writes `en-orig`."""
_KINDS = ("sdh", "cc", "hi", "default", "full", "manual", "subs", "captions")
"""Marks that say nothing about the language: `hi` is for the hearing impaired, and Hindi only where no tag is."""

_TAG = re.compile(r"(?=.{2,20}$)[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")


def stems(name: str) -> Iterator[str]:
    """The stems of the videos it may belong to, the likeliest first: `a.b.en.vtt` to `a.b.en`, else to `a.b`.

    What stands between is at most one word that is no mark.
    """
    stem, tags = os.path.splitext(name)[0], 0
    yield stem
    while "." in stem and tags <= 1:
        stem, _, word = stem.rpartition(".")
        tags += not _is_mark(word)
        if tags <= 1:
            yield stem


def language_tag(name: str, stem: str) -> str:
    """`en-US` of `talk.en-US.vtt` beside a video with the stem `talk`; `und` of `talk.vtt` and of what is no tag."""
    words = name[len(stem) + 1 :].split(".")[:-1]
    tags = [word for word in words if not _is_mark(word)] or [word for word in words if word.lower() == "hi"]
    return tags[0] if len(tags) == 1 and _TAG.fullmatch(tags[0]) else UNDETERMINED


def _is_mark(word: str) -> bool:
    return word.lower() in AUTOMATIC or word.lower() in _KINDS
