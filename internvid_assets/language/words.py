"""Words of captions, as split by NLTK's Treebank tokenizer, with a fast path: most captions need none of its rules."""

from __future__ import annotations

import re
from collections.abc import Sequence

UNUSUAL = re.compile(r"[^\w ,-]|,(?! )|--|cannot|gimme|gonna|gotta|lemme|wanna", re.IGNORECASE)
"""What the tokenizer may split other than at spaces, except commas before a space and a final full stop."""


def split_words(captions: Sequence[str]) -> list[list[str]]:
    """The words and punctuation of each caption, equal to `TreebankWordTokenizer.tokenize`."""
    from nltk.tokenize import TreebankWordTokenizer

    tokenizer = TreebankWordTokenizer()
    return [tokenizer.tokenize(text) if (plain := _plain(text)) is None else plain for text in captions]


def _plain(caption: str) -> list[str] | None:
    """The words of a caption, or None if it contains anything unusual."""
    text = caption.rstrip(" ")
    sentence = text.removesuffix(".")
    if UNUSUAL.search(sentence):
        return None
    words = sentence.replace(",", " ,").split(" ")
    return [*filter(None, words), *text[len(sentence) :]]
