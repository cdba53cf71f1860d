"""Languages of captions."""

from __future__ import annotations

import pytest

from internvid_assets.cells.errors import UserError
from internvid_assets.language.identification import is_surely_not, languages

TOLD = [
    ("a red ball rises on a blue background", "en"),
    ("a person picking up toothbrushes from an open drawer", "en"),
    ("un homme joue de la guitare", "fr"),
    ("ein Hund läuft über die Wiese", "de"),
    ("男人在弹吉他", "zh"),
    ("12 !", "und"),
    ("", "und"),
]


@pytest.mark.parametrize(("text", "expected"), TOLD)
def test_the_language_of_a_caption(text: str, expected: str):
    ((language, probability),) = languages([text])
    assert language == expected
    assert 0 <= probability <= 1


def test_a_text_is_told_for_itself():
    texts = [text for text, _ in TOLD]
    assert languages(texts) == [languages([text])[0] for text in texts]
    assert languages([]) == []


def test_another_language_is_told_of_long_texts_and_of_clear_ones_only():
    texts = ["un homme joue de la guitare sur scène", "un homme", "pasta at tvs", "男人在舞台上弹吉他", "12 !", "a dog"]
    assert [is_surely_not(text, "en") for text in texts] == [True, False, False, True, False, False]
    assert not is_surely_not(texts[0], "fr")


def test_a_language_that_nobody_knows():
    with pytest.raises(UserError, match="language is 'xx': expected an ISO 639-1 code, one of af, am"):
        is_surely_not("a dog", "xx")
