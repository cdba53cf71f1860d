"""Detects repetitive texts, a sign of a stuck model."""

from __future__ import annotations

from collections import Counter

PHRASE_WORDS = 8
"""Longest repeated phrase to detect."""


def stutters(text: str, *, times: int) -> bool:
    """Whether a phrase occurs at least `times` times in a row, ignoring case."""
    words = text.lower().split()
    if max(Counter(words).values(), default=0) < times:
        return False
    for length in range(1, PHRASE_WORDS + 1):
        same = 0  # consecutive words that equal the one `length` words earlier
        for word, before in zip(words[length:], words, strict=False):
            same = same + 1 if word == before else 0
            if same >= length * (times - 1):
                return True
    return False
