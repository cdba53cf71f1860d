"""One spelling per query, and one key for all spellings of an action."""

from __future__ import annotations

import re
import unicodedata

from internvid_assets.language.lemmas import can_be_verb, noun_lemma, verb_lemma

_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_THIS = re.compile(r"\(\s*not\b[^)]*\)", re.IGNORECASE)
_KEPT_MARKS = frozenset("'\u200c\u200d")
"""The apostrophe, and the two joiners used in the spelling of Persian and Indian languages."""
_UNTOLD = frozenset("a an the some my your his her its our their one's".split())
"""Articles and possessives: `brush your teeth` and `brush the teeth` are the same action."""


def normalised(text: str) -> str:
    """Lower-case words of letters and digits, separated by single spaces; empty if there are none.

    ApplyEyeMakeup, apply_eye_makeup and "Apply eye make-up!" become the same, except that the hyphen becomes a space.
    Brackets as in `[something]` are removed. A remark such as "(not wine)" is dropped: a search would find wine.
    """
    text = unicodedata.normalize("NFKC", text).replace("’", "'").replace("&", " and ")
    text = _NOT_THIS.sub(" ", text)
    if len(text.split()) == 1:
        text = _CAMEL_CASE.sub(" ", text)
    text = unicodedata.normalize("NFKC", text.lower())
    words = "".join(character if _is_of_word(character) else " " for character in text).split()
    return " ".join(filter(None, (word.strip("'") for word in words)))


def _is_of_word(character: str) -> bool:
    """Letters, combining marks and numbers."""
    return character in _KEPT_MARKS or unicodedata.category(character)[0] in "LMN"


def lemma_key(query: str, language: str = "en") -> str:
    """A normalised query in base forms, without articles: "riding the bikes" and "ride a bike" become `ride bike`.

    The first word is treated as a verb if it can be one, all others as nouns. Words of other languages than English
    are not changed.
    """
    if language != "en":
        return query
    first, *others = [word for word in query.split() if word not in _UNTOLD] or query.split() or [""]
    is_verb = can_be_verb(first) or first.endswith("ing")  # no dictionary contains vlogging, kiteboarding, …
    return " ".join([verb_lemma(first) if is_verb else noun_lemma(first), *map(noun_lemma, others)])
