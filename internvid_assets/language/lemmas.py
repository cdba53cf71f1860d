"""Base forms of English words, by LemmInflect. Its tables are part of its wheel, so nothing is downloaded.

The part of speech is passed, which verbs need: without it, `cutting` and `building` are nouns of their own
(simplemma), and `saw` is a tool.
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=100_000)
def verb_lemma(word: str) -> str:
    """riding: ride; brought: bring. A word that is itself a base form stays: saw, lay."""
    return _lemma(word.lower(), "VERB")


@lru_cache(maxsize=100_000)
def noun_lemma(word: str) -> str:
    """teeth: tooth; dishes: dish. A word that is itself a base form stays: glasses, scissors."""
    return _lemma(word.lower(), "NOUN")


@lru_cache(maxsize=100_000)
def can_be_verb(word: str) -> bool:
    """Whether the dictionary lists the word as a verb form; `ball` and `drum` can be both noun and verb."""
    from lemminflect import getAllLemmas

    return "VERB" in getAllLemmas(word.lower())


def _lemma(word: str, part_of_speech: str) -> str:
    from lemminflect import getLemma

    lemmas = getLemma(word, part_of_speech)
    return word if not lemmas or word in lemmas else lemmas[0]
