"""Rolling captions: each cue repeats the previous line; here every line is returned once.

YouTube's automatic captions are like this (a cue that adds a line, then one of 10 ms that keeps it), and so are the
roll-up captions of broadcasts:

    1 s   hello everyone              2 s   hello everyone          3 s   welcome to the show
                                            welcome to the show           it is about cats
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

Part = tuple[float | None, str]
"""A start time and text; None: directly after the previous part."""

FEWEST_CUES = 4
"""Two speakers who both say "No." look like a rolling line; over this many cues they do not."""
ROLLING_SHARE = 0.5


@dataclass(frozen=True)
class Shown:
    """A cue as in the file: its lines, each in parts."""

    start_seconds: float
    end_seconds: float
    lines: tuple[tuple[Part, ...], ...]

    def texts(self) -> list[str]:
        """The lines that are not blank, as displayed."""
        seen = (" ".join("".join(text for _, text in line).split()) for line in self.lines)
        return [text for text in seen if text]

    @property
    def has_word_times(self) -> bool:
        return any(start is not None for line in self.lines for start, _ in line)


def unrolled(shown: Sequence[Shown]) -> list[Shown]:
    """The cues, each with only its new lines; unchanged if the captions do not roll."""
    return [cue for cue in _fresh(shown) if cue.texts()] if is_rolling(shown) else list(shown)


def is_rolling(shown: Sequence[Shown]) -> bool:
    """Whether cues have word times, like automatic captions, or most of them repeat a line of the previous cue."""
    if any(cue.has_word_times for cue in shown):
        return True
    repeats = [_repeated_lines(before, cue) > 0 for before, cue in pairwise(shown)]
    return len(shown) >= FEWEST_CUES and sum(repeats) >= ROLLING_SHARE * len(repeats)


def _fresh(shown: Sequence[Shown]) -> Iterator[Shown]:
    before: Shown | None = None
    for cue in shown:
        lines = [line for line in cue.lines if any(text.strip() for _, text in line)]
        yield replace(cue, lines=tuple(lines[_repeated_lines(before, cue) if before else 0 :]))
        before = cue


def _repeated_lines(before: Shown, cue: Shown) -> int:
    """The largest number of lines at the start of `cue` that are also the last lines of `before`."""
    old, new = before.texts(), cue.texts()
    counts = range(min(len(old), len(new)), 0, -1)
    return next((count for count in counts if old[-count:] == new[:count]), 0)
