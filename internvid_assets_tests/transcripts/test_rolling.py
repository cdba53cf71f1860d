"""Rolling captions: every word once, in order, however the lines repeat; and what does not roll stays as it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from internvid_assets.transcripts.rolling import Shown, is_rolling, unrolled


def shown(start: float, end: float, *lines: str) -> Shown:
    return Shown(start, end, tuple(((None, line),) for line in lines))


def rolled(lines: list[str], *, height: int, with_keeping_cues: bool) -> list[Shown]:
    """Lines as they roll through a window of `height` lines, one a second; between them, cues that only keep."""
    cues = []
    for number, line in enumerate(lines):
        above = [lines[i] if i >= 0 else " " for i in range(number - height + 1, number)]
        cues.append(shown(number, number + 0.99, *above, line))
        if with_keeping_cues:
            cues.append(shown(number + 0.99, number + 1, *[*above, line][1:], " "))
    return cues


def said(cues: list[Shown]) -> list[str]:
    return [word for cue in cues for text in cue.texts() for word in text.split()]


WORDS = st.lists(st.sampled_from(["no", "yes", "go", "on", "stop"]), min_size=1, max_size=3)
LINES = st.lists(WORDS.map(" ".join), min_size=4, max_size=12)


@given(LINES)
def test_two_lines_with_keeping_cues_as_youtube_has_them(lines: list[str]):
    cues = rolled(lines, height=2, with_keeping_cues=True)
    assert said(unrolled(cues)) == " ".join(lines).split()


@given(st.lists(st.integers(), min_size=4, max_size=12, unique=True), st.integers(2, 4), st.booleans())
def test_any_height_when_lines_differ(numbers: list[int], height: int, with_keeping_cues: bool):
    """A line that repeats cannot be told from one that was said twice, unless a cue between them keeps it."""
    lines = [f"line {number}" for number in numbers]
    assert said(unrolled(rolled(lines, height=height, with_keeping_cues=with_keeping_cues))) == " ".join(lines).split()


def test_a_line_is_read_when_it_appears():
    cues = unrolled(rolled(["a b", "c", "d e", "f"], height=2, with_keeping_cues=True))
    assert [(cue.start_seconds, *cue.texts()) for cue in cues] == [(0, "a b"), (1, "c"), (2, "d e"), (3, "f")]


def test_people_who_repeat_themselves_do_not_roll():
    cues = [
        shown(i, i + 1, text) for i, text in enumerate(["No.", "No.", "Why not?", "Because.", "No.", "Well.", "So."])
    ]
    assert not is_rolling(cues)
    assert unrolled(cues) == cues
    assert unrolled(cues[:2]) == cues[:2]
    assert unrolled([]) == []
