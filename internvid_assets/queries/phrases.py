"""Phrases from captions as stored calls: a model's answers are checked by rules (InternVid 3.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Payload, Work
from internvid_assets.language.lemmas import can_be_verb, noun_lemma, verb_lemma
from internvid_assets.queries.normalising import lemma_key, normalised

_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s*")
_NO_OBJECTS = frozenset(
    "a an the his her its their my your our it them him us me you this that these those one something someone "
    "up down in out on off over away back around together left right and with to at for from of by".split()
)
"""Words that are not an object on their own: articles, pronouns, particles, prepositions."""


def extract_phrases(bench: Bench) -> Work:
    """Extract the phrases of a batch of captions, with a reason for each that is dropped."""
    parameters, extractor = bench.parameters, bench.models.phrase_extractor

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        captions = batch["caption"].to_list()
        limits = {"max_phrases": parameters.max_phrases_per_caption, "max_words": parameters.max_words}
        answers = extractor.phrases(captions)
        return [
            found if isinstance(found, CallError) else judged_phrases(found, caption, **limits)
            for caption, found in zip(captions, answers, strict=True)
        ]

    return work


def judged_phrases(answers: Sequence[str], caption: str, *, max_phrases: int, max_words: int) -> list[Payload]:
    """One row per answer, in order: the phrase, and the first rule that it violates (null: kept)."""
    of_caption = {form for word in normalised(caption).split() for form in _forms(word)}
    rows: list[Payload] = []
    keys: set[str] = set()
    for position, answer in enumerate(answers):
        phrase = normalised(_BULLET.sub("", answer))
        reason = _rejection(phrase, of_caption, max_words) or _surplus(phrase, keys, max_phrases)
        if reason is None:
            keys.add(lemma_key(phrase))
        rows.append({"position": position, "phrase": phrase or answer, "rejection_reason": reason})
    return rows


def _rejection(phrase: str, of_caption: set[str], max_words: int) -> str | None:
    """The violated rule, if any: a phrase must start with a verb, have an object, be short and use caption words."""
    words = phrase.split()
    if not words or not can_be_verb(words[0]):
        return "no_verb"
    if set(words[1:]) <= _NO_OBJECTS:
        return "no_object"
    if len(words) > max_words:
        return "too_long"
    if any(word not in _NO_OBJECTS and not _forms(word) & of_caption for word in words):
        return "not_in_caption"
    return None


def _surplus(phrase: str, keys: set[str], max_phrases: int) -> str | None:
    if lemma_key(phrase) in keys:
        return "repeated"
    return "over_limit" if len(keys) >= max_phrases else None


def _forms(word: str) -> set[str]:
    """A word and its base forms, as a verb and as a noun."""
    return {word, verb_lemma(word), noun_lemma(word)}
