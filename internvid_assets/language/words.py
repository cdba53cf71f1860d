"""The words of captions, as NLTK's Treebank tokenizer parts them: most captions need none of its thirty rewritings."""

from __future__ import annotations

import re
from collections.abc import Sequence

UNUSUAL = re.compile(r"[^\w ,-]|,(?! )|--|cannot|gimme|gonna|gotta|lemme|wanna", re.IGNORECASE)
"""What the tokenizer may part other than at spaces: but for commas before a space, and a full stop at the end."""


def split_words(captions: Sequence[str]) -> list[list[str]]:
    """The words and marks of each caption: what `TreebankWordTokenizer.tokenize` makes of it."""
    from nltk.tokenize import TreebankWordTokenizer

    tokenizer = TreebankWordTokenizer()
    return [tokenizer.tokenize(text) if (plain := _plain(text)) is None else plain for text in captions]


def _plain(caption: str) -> list[str] | None:
    """The words of a caption that holds nothing unusual."""
    text = caption.rstrip(" ")
    sentence = text.removesuffix(".")
    if UNUSUAL.search(sentence):
        return None
    words = sentence.replace(",", " ,").split(" ")
    return [*filter(None, words), *text[len(sentence) :]]
