"""Words and cues with their times, in seconds from the video's first frame; ranges are half-open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts without spaces between words, in which a character is treated as a word: kana and Han."""
_OPENING = "「『（《"
_PIECE = re.compile(rf"\s*(?:[{_OPENING}]*[{_UNSPACED}][。、，！？：；」』）》…]*|[^\s{_UNSPACED}]+)")
_NOTE = re.compile(r"\s*(?:(?:\[[^\]]*\]|\([^)]*\)|（[^）]*）|[♪♫♬#*]+)\s*)+")


@dataclass(frozen=True)
class Word:
    """A word with its leading space, or a character of a script without spaces: the joined texts are the sentence."""

    text: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class Cue:
    """A text shown or spoken as one unit: at least one word."""

    start_seconds: float
    end_seconds: float
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()

    @property
    def is_spoken(self) -> bool:
        """False for notes such as `[Music]`, `(applause)` and `♪`."""
        return bool(self.text) and not _NOTE.fullmatch(self.text)


def pieces(text: str) -> list[str]:
    """The words of `text`, each with its leading space, or the characters of a script without spaces."""
    return _PIECE.findall(re.sub(r"\s+", " ", text))


def spread(text: str, start_seconds: float, end_seconds: float) -> list[Word]:
    """The words of `text`, each with a share of the time in proportion to its number of letters."""
    found = pieces(text)
    ends = list(accumulate((len(piece.strip()) for piece in found), initial=0))
    per_letter = (end_seconds - start_seconds) / max(1, ends[-1])
    times = [start_seconds + letters * per_letter for letters in ends[:-1]] + [end_seconds]
    return [Word(piece, start, end) for piece, (start, end) in zip(found, pairwise(times), strict=True)]


def cue_of(parts: Sequence[tuple[float | None, str]], start_seconds: float, end_seconds: float) -> Cue:
    """A cue of (start, text) parts, each lasting until the next timed part; times are clamped to the cue."""
    end_seconds = max(start_seconds, end_seconds)
    timed: list[tuple[float, str]] = [(start_seconds, "")]
    for start, text in parts:
        if start is None:
            timed[-1] = (timed[-1][0], timed[-1][1] + text)
        else:
            timed.append((min(max(start, timed[-1][0]), end_seconds), text))
    bounds = pairwise([*(start for start, _ in timed), end_seconds])
    words = [word for (_, text), (start, end) in zip(timed, bounds, strict=True) for word in spread(text, start, end)]
    return Cue(start_seconds, end_seconds, begun(words))


def begun(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words of a cue, the first with a leading space to separate it from an earlier cue, except in `_UNSPACED`."""
    if not words:
        return ()
    text = words[0].text.strip()
    space = "" if re.match(rf"[{_OPENING}]*[{_UNSPACED}]", text) else " "
    return (replace(words[0], text=space + text), *words[1:])


def payloads(cues: Iterable[Cue], **columns: Any) -> list[dict[str, Any]]:
    """The spoken cues in time order as rows of `subtitle_cues` or `speech_cues`."""
    return [{**_payload(number, cue), **columns} for number, cue in enumerate(_in_order(cues))]


def _in_order(cues: Iterable[Cue]) -> Iterator[Cue]:
    yield from sorted((cue for cue in cues if cue.is_spoken), key=lambda cue: (cue.start_seconds, cue.end_seconds))


def _payload(number: int, cue: Cue) -> dict[str, Any]:
    return {
        "cue": number,
        "start_seconds": cue.start_seconds,
        "end_seconds": cue.end_seconds,
        "text": cue.text,
        "words": [word.text for word in cue.words],
        "word_starts_seconds": [word.start_seconds for word in cue.words],
        "word_ends_seconds": [word.end_seconds for word in cue.words],
    }
