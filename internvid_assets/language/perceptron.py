"""NLTK's averaged perceptron, vectorised over many sentences: the same tags, faster.

A tag depends on the two before it, so all sentences advance together: at each position, the scores of all of them are
one sum of arrays. Floats are added in NLTK's order and ties are broken in the same way, so results are identical.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache, reduce
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nltk.tag.perceptron import PerceptronTagger

UNDECIDED = -1
"""Placeholder tag of an ambiguous word, until its position is reached."""
TAG, SUFFIX, FIRST, WORD, WORD_BEFORE, SUFFIX_BEFORE, WORD_BEFORE_2, WORD_AFTER, SUFFIX_AFTER, WORD_AFTER_2 = range(10)
WITH_TAG_BEFORE = 10
"""The array of a word: its tag, the rows of its features, and from this index on those with each previous tag."""


class BatchTagger:
    """Tags like `tagger`, with its weights as a matrix [features, tags]; row 0 is zeros, for unknown features."""

    def __init__(self, tagger: PerceptronTagger) -> None:
        self.tagger = tagger
        # On ties NLTK takes the alphabetically last tag, argmax the first in the row.
        self.tags = [*sorted(tagger.classes, reverse=True), *tagger.START]
        self.numbers = {tag: number for number, tag in enumerate(self.tags)}
        self.rows = {feature: row for row, feature in enumerate(tagger.model.weights, start=1)}
        self.weights = np.zeros((len(self.rows) + 1, len(tagger.classes)))
        for row, weights in enumerate(tagger.model.weights.values(), start=1):
            self.weights[row, [self.numbers[tag] for tag in weights]] = list(weights.values())
        self.tag_before = np.array([self._row("i-1 tag", tag) for tag in self.tags])
        self.tag_before_2 = np.array([self._row("i-2 tag", tag) for tag in self.tags])
        self.tags_before = np.array(
            [[self._row("i tag+i-2 tag", tag, other) for other in self.tags] for tag in self.tags]
        )
        self.edges = [self._known("", edge) for edge in (*tagger.START, *tagger.END)]
        self.word = lru_cache(maxsize=50_000)(lambda word: self._known(word, tagger.normalize(word)))

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[tuple[str, str]]]:
        """The words of each sentence with their tags."""
        distinct = dict.fromkeys(chain.from_iterable(sentences))
        known = np.stack([*self.edges, *map(self.word, distinct)])
        numbers = {word: number for number, word in enumerate(distinct, start=len(self.edges))}
        words = np.array(
            [number for words in sentences for number in (0, 1, *map(numbers.__getitem__, words), 2, 3)], int
        )
        lengths = np.array([len(words) for words in sentences], int)
        starts = np.cumsum(lengths + len(self.edges)) - lengths - 2
        tags = self._tags(known, words, starts, lengths)
        names = [self.tags[tag] for tag in tags.tolist()]
        places = zip(sentences, starts.tolist(), strict=True)
        return [list(zip(words, names[start : start + len(words)], strict=True)) for words, start in places]

    def _tags(self, known: np.ndarray, words: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """The tag number of each word; `words` are rows of `known`."""
        tags = known[words, TAG]
        for back, tag in enumerate(self.tagger.START, start=1):
            tags[starts - back] = self.numbers[tag]
        for position in range(lengths.max(initial=0)):
            at = starts[lengths > position] + position
            at = at[tags[at] == UNDECIDED]
            rows = self._features(known, words, tags, at)
            tags[at] = reduce(np.add, (self.weights[each] for each in rows)).argmax(axis=-1)
        return tags

    def _features(self, known: np.ndarray, words: np.ndarray, tags: np.ndarray, at: np.ndarray) -> Iterator[np.ndarray]:
        """The rows of each feature of the words at positions `at`, in the order of NLTK's `_get_features`."""
        own, before, before_2 = words[at], tags[at - 1], tags[at - 2]
        yield np.full(len(at), self._row("bias"))
        yield known[own, SUFFIX]
        yield known[own, FIRST]
        yield self.tag_before[before]
        yield self.tag_before_2[before_2]
        yield self.tags_before[before, before_2]
        yield known[own, WORD]
        yield known[own, WITH_TAG_BEFORE + before]
        yield known[words[at - 1], WORD_BEFORE]
        yield known[words[at - 1], SUFFIX_BEFORE]
        yield known[words[at - 2], WORD_BEFORE_2]
        yield known[words[at + 1], WORD_AFTER]
        yield known[words[at + 1], SUFFIX_AFTER]
        yield known[words[at + 2], WORD_AFTER_2]

    def _known(self, word: str, context: str) -> np.ndarray:
        """The array of a word; `context` is its normalised form, used in features of its neighbours."""
        tag = self.tagger.tagdict.get(word)
        own = [self._row("i suffix", word[-3:]), self._row("i pref1", word[:1]), self._row("i word", context)]
        before = [self._row("i-1 word", context), self._row("i-1 suffix", context[-3:]), self._row("i-2 word", context)]
        after = [self._row("i+1 word", context), self._row("i+1 suffix", context[-3:]), self._row("i+2 word", context)]
        with_tag_before = [self._row("i-1 tag+i word", before, context) for before in self.tags]
        return np.array([self.numbers[tag] if tag else UNDECIDED, *own, *before, *after, *with_tag_before], np.int32)

    def _row(self, *feature: str) -> int:
        return self.rows.get(" ".join(feature), 0)
