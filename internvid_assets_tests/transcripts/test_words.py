"""Words and their times: what joins to a sentence again, and who gets which share of a cue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from internvid_assets.transcripts.words import Cue, cue_of, payloads, pieces, spread

PIECES = [
    ("a red ball", ["a", " red", " ball"]),
    (" no,  it's\nnot ", [" no,", " it's", " not"]),
    ("一个球。", ["一", "个", "球。"]),
    ("他说「好」，走了", ["他", "说", "「好」，", "走", "了"]),
    ("3D 球 rises", ["3D", " 球", " rises"]),
    ("「はい」 と", ["「は", "い」", " と"]),
    ("un cœur s'élève !", ["un", " cœur", " s'élève", " !"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), PIECES)
def test_words_keep_the_space_before_them(text: str, expected: list[str]):
    assert pieces(text) == expected


@given(st.text())
def test_words_joined_are_the_text(text: str):
    assert "".join(pieces(text)).split() == text.split()


def test_a_word_has_as_much_time_as_letters():
    assert [(word.text, word.start_seconds, word.end_seconds) for word in spread("a bcd ef", 10.0, 16.0)] == [
        ("a", 10.0, 11.0),
        (" bcd", 11.0, 14.0),
        (" ef", 14.0, 16.0),
    ]
    assert spread("", 0.0, 1.0) == []


CUES = [
    ([(None, "hi there")], [(" hi", 0.0, 2 * 2 / 7), (" there", 2 * 2 / 7, 2.0)]),
    ([(None, "so"), (0.5, " what"), (1.5, " now")], [(" so", 0.0, 0.5), (" what", 0.5, 1.5), (" now", 1.5, 2.0)]),
    ([(None, "one"), (None, "\ntwo")], [(" one", 0.0, 1.0), (" two", 1.0, 2.0)]),
    ([(0.0, "早"), (1.0, "安")], [("早", 0.0, 1.0), ("安", 1.0, 2.0)]),
    ([(-5.0, "too"), (9.0, " far")], [(" too", 0.0, 2.0), (" far", 2.0, 2.0)]),
    ([(1.5, "back"), (0.5, " wards")], [(" back", 1.5, 1.5), (" wards", 1.5, 2.0)]),
]


@pytest.mark.parametrize(("parts", "expected"), CUES)
def test_a_part_lasts_until_the_next_that_has_a_time(parts, expected):
    cue = cue_of(parts, 0.0, 2.0)
    assert [(word.text, word.start_seconds, pytest.approx(word.end_seconds)) for word in cue.words] == expected


def test_a_cue_that_ends_before_it_starts_takes_no_time():
    assert cue_of([(None, "hi")], 3.0, 1.0) == Cue(3.0, 3.0, tuple(spread(" hi", 3.0, 3.0)))


NOTES = ["[Music]", "(applause)", "♪♪", "[Music] ♪", "（笑）", "", "  "]
SPEECH = ["[Music] hello", "hello (really)", "♪ la la ♪", "(no", "...", "[x] y [z]"]


@pytest.mark.parametrize(("text", "is_spoken"), [*((t, False) for t in NOTES), *((t, True) for t in SPEECH)])
def test_notes_are_not_spoken(text: str, is_spoken: bool):
    assert cue_of([(None, text)], 0.0, 1.0).is_spoken == is_spoken


def test_rows_are_spoken_cues_in_time_order_numbered_from_0():
    cues = [cue_of([(None, text)], start, start + 1) for text, start in (("b", 2.0), ("[Music]", 1.0), ("a", 0.0))]
    assert [(row["cue"], row["text"], row["origin"]) for row in payloads(cues, origin="subtitle")] == [
        (0, "a", "subtitle"),
        (1, "b", "subtitle"),
    ]
