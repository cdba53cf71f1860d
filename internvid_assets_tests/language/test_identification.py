"""Languages of captions."""

from __future__ import annotations

import pytest

from internvid_assets.language.identification import languages

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
