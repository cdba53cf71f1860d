"""Phrases of a verb and its object by rules on part-of-speech tags, without a language model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from internvid_assets.cells.errors import CallError
from internvid_assets.language.lemmas import verb_lemma
from internvid_assets.language.verbs import open_tagger, tagged_words

GRAMMAR = r"""
    ACTION: {<VB.*><RP>?<DT|PRP\$|CD|JJ.*>*<NN.*>+}
"""
"""A verb, an optional particle, and the noun phrase that follows: `cut up the two red apples`."""

NO_ACTIONS = frozenset("be do have need seem want".split())
"""Verbs that describe no visible action, whatever their object."""


def load_tagged_phrases(source: str, revision: str) -> TaggedPhrases:
    """The tagger locates its own weights."""
    return TaggedPhrases()


class TaggedPhrases:
    """Implements `PhraseExtractor`: `a man is playing the guitar` gives `play guitar`."""

    @cached_property
    def _parser(self) -> Any:
        from nltk import RegexpParser

        return RegexpParser(GRAMMAR)

    @cached_property
    def _tagger(self) -> Any:
        return open_tagger()

    def phrases(self, captions: Sequence[str]) -> list[list[str] | CallError]:
        return [list(map(_phrase, self._actions(words))) for words in tagged_words(captions, self._tagger)]

    def _actions(self, words: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
        if not words:
            return []
        chunks = [chunk.leaves() for chunk in self._parser.parse(words).subtrees() if chunk.label() == "ACTION"]
        return [chunk for chunk in chunks if verb_lemma(chunk[0][0]) not in NO_ACTIONS]


def _phrase(action: list[tuple[str, str]]) -> str:
    """The verb in its base form, its particle, and the nouns."""
    (verb, _), *others = action
    return " ".join([verb_lemma(verb), *(word.lower() for word, tag in others if tag.startswith(("NN", "RP")))])
