"""Texts that say the same again and again: a model that is stuck."""

from __future__ import annotations

from collections import Counter

PHRASE_WORDS = 8
"""Longest phrase that is looked for."""


def stutters(text: str, *, times: int) -> bool:
    """Whether a phrase comes at least so many times in a row, whatever its capitals."""
    words = text.lower().split()
    if max(Counter(words).values(), default=0) < times:
        return False
    for length in range(1, PHRASE_WORDS + 1):
        same = 0  # words in a row that are also `length` words before
        for word, before in zip(words[length:], words, strict=False):
            same = same + 1 if word == before else 0
            if same >= length * (times - 1):
                return True
    return False
