"""From what a transcriber answers to cues."""

from __future__ import annotations

import pytest

from internvid_assets.models.protocols import Utterance
from internvid_assets.transcripts.hearing import MAX_CUE_SECONDS, cues_of, timed_words
from internvid_assets.transcripts.words import Word


def test_times_count_from_the_window_and_a_phrase_is_shared_by_its_words():
    told = [Utterance(" one", 0.0, 0.5), Utterance(" two six", 1.0, 2.0)]
    words = [(word.text, word.start_seconds, word.end_seconds) for word in timed_words(told, 30.0)]
    assert words == [(" one", 30.0, 30.5), (" two", 31.0, 31.5), (" six", 31.5, 32.0)]


ENDS = [
    ("a sentence", [(" Hi.", 0, 1), (" You", 1, 2), (" there?", 2, 3), (" Yes", 3, 4)], ["Hi.", "You there?", "Yes"]),
    ("a pause", [(" so", 0, 1), (" what", 2.0, 3), (" now", 4.1, 5)], ["so what", "now"]),
    ("its length", [(f" w{i}", i, i + 1) for i in range(12)], ["w0 w1 w2 w3 w4 w5 w6 w7 w8 w9", "w10 w11"]),
    ("a Chinese sentence", [("球", 0, 1), ("落。", 1, 2), ("球", 2, 3)], ["球落。", "球"]),
    ("nothing", [], []),
]


@pytest.mark.parametrize(("said", "expected"), [e[1:] for e in ENDS], ids=[e[0] for e in ENDS])
def test_a_cue_ends_with(said: list[tuple], expected: list[str]):
    cues = cues_of([Word(*word) for word in said], max_pause_seconds=1.0)
    assert [cue.text for cue in cues] == expected
    assert all(cue.end_seconds - cue.start_seconds <= MAX_CUE_SECONDS for cue in cues)
    assert [word.text.strip() for cue in cues for word in cue.words] == [text.strip() for text, *_ in said]
