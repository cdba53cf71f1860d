"""Parses subtitle files: WebVTT with webvtt-py, json3 with our own reader, SRT, ASS, SSA and TTML with pysubs2.

The files are untrusted: they are read up to a size limit, in a worker process with a time limit.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator
from typing import Any

from internvid_assets.cells.errors import CallError
from internvid_assets.media.opening import check_readable, io_error, local_path
from internvid_assets.transcripts.json3 import read_json3
from internvid_assets.transcripts.rolling import Part, Shown, unrolled
from internvid_assets.transcripts.words import Cue, cue_of, payloads

MAX_BYTES = 32 << 20
"""The subtitles of a two-hour film have 0.2 MB, or 3 MB as json3 with word times."""

_TIME_TAG = re.compile(r"<((?:\d+:)?\d\d:\d\d\.\d{3})>")
_OTHER_TAG = re.compile(r"<[^<>]*>")


def read_subtitles(subtitle_uri: str, *, is_automatic: bool) -> list[dict[str, Any]]:
    """The payload of `subtitle_cues`: the cues of one file in time order, without notes such as `[Music]`.

    The format is detected from the text, not the file name; word times identify automatic captions not named as such.
    Raises `CallError`: file_missing, file_empty, not_a_file, read_failed (retryable), subtitles_unreadable,
    subtitles_empty.
    """
    path = local_path(subtitle_uri)
    try:
        cues, has_word_times = _cues(_text(path))
    except CallError:
        raise
    except Exception as error:  # the parsers raise all kinds of exceptions
        reason = (str(error).splitlines() or [""])[0][:200]
        raise CallError("subtitles_unreadable", f"{path!r} is not a subtitle file ({reason})") from None
    origin = "automatic_subtitle" if is_automatic or has_word_times else "subtitle"
    rows = payloads(cues, origin=origin)
    if not rows:
        raise CallError("subtitles_empty", f"{path!r} contains no cue with words")
    return rows


def _text(path: str) -> str:
    if check_readable(path).st_size > MAX_BYTES:
        raise CallError("subtitles_unreadable", f"{path!r} is larger than {MAX_BYTES >> 20} MB: not a subtitle file")
    try:
        with open(path, "rb") as file:
            return decoded(file.read(MAX_BYTES))
    except OSError as error:
        raise io_error(error, path) from None


def decoded(data: bytes) -> str:
    """UTF-8 or UTF-16 by byte order mark, or else UTF-8, or else Western European, in which every byte is valid."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252" if not re.search(rb"[\x81\x8d\x8f\x90\x9d]", data) else "latin-1")


def _cues(text: str) -> tuple[list[Cue], bool]:
    """The cues, and whether their words are timed individually."""
    head = text.lstrip()[:6]
    if head.startswith("{"):
        return read_json3(text)
    shown = list(_webvtt(text) if head == "WEBVTT" else _others(text))
    return [_cue(cue) for cue in unrolled(shown)], any(cue.has_word_times for cue in shown)


def _cue(shown: Shown) -> Cue:
    return cue_of([part for line in shown.lines for part in line], shown.start_seconds, shown.end_seconds)


def _webvtt(text: str) -> Iterator[Shown]:
    import webvtt

    for caption in webvtt.from_string(text):
        yield Shown(_seconds(caption.start), _seconds(caption.end), tuple(_parts(line) for line in caption.lines))


def _parts(line: str) -> tuple[Part, ...]:
    """Split a WebVTT line at its time tags: `so<00:00:01.500><c> what</c>` is "so", and " what" from 1.5 s on."""
    first, *rest = _TIME_TAG.split(line)
    timed = zip(rest[::2], rest[1::2], strict=True)
    return (None, "\n" + _plain(first)), *((_seconds(time), _plain(text)) for time, text in timed)


def _plain(text: str) -> str:
    return html.unescape(_OTHER_TAG.sub("", text))


def _seconds(clock: str) -> float:
    """`00:01:02.345` or `01:02.345`."""
    *hours, minutes, seconds = clock.split(":")
    return round(int(hours[0] if hours else 0) * 3600 + int(minutes) * 60 + float(seconds), 3)


def _others(text: str) -> Iterator[Shown]:
    import pysubs2

    for event in sorted(pysubs2.SSAFile.from_string(text)):
        if event.is_text and not event.is_drawing:
            lines = tuple(((None, "\n" + html.unescape(line)),) for line in event.plaintext.split("\n"))
            yield Shown(event.start / 1000, event.end / 1000, lines)
