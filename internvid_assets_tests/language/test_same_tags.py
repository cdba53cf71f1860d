"""Captions in batches have the words and tags that NLTK gives them one by one, whatever they hold."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.tag.perceptron import PerceptronTagger
from nltk.tokenize import TreebankWordTokenizer

from internvid_assets.language.perceptron import BatchTagger
from internvid_assets.language.tagged_captions import everyday_caption, training_sentences
from internvid_assets.language.train_tagger import train
from internvid_assets.language.verbs import find_verbs, load_tagger
from internvid_assets.language.words import split_words

ODD = [
    "",
    " ",
    ".",
    "a .",
    "a..",
    "a...",
    ", ,",
    "a, b,c, 5,000 d,",
    "a man's dog can't swim, he said: 'gonna drown'.",
    'She said "run" (quickly) [1] {2} <3>',
    "it costs $3.88 & 5% #1 @home; really?!",
    "A MAN RIDES A BIKE IN 1984 AND 12 OTHERS WALK",
    "a well-dressed -old- dog--like half-eaten 1990s-style cake",
    "I cannot, gimme that, WANNA go, lemme see wanna",
    "une fille court à l’école, naïve café",
    "一个 男人 骑 马, 然后 走",
    "ein ſtrand Kelvin İstanbul ı gımme",
    "emoji 😀 runs 😀",
    "tab\tand\nline\x1cbreak\u00a0space\u2003wide",
    "ends with spaces.   ",
    "a_b __ c",
    "-START- -END2- !YEAR !DIGITS !HYPHEN",
    "word " * 300,
]


def one_by_one(tagger: PerceptronTagger, captions: list[str]) -> list[list[tuple[str, str]]]:
    tokenizer = TreebankWordTokenizer()
    return [tagger.tag(tokenizer.tokenize(caption)) for caption in captions]


@pytest.fixture(scope="module")
def unsure_tagger() -> PerceptronTagger:
    """One that has seen so little that many tags have the same score."""
    return train(training_sentences(seed=3, world=5, everyday=20), iterations=1)


def everyday(count: int) -> list[str]:
    """Captions as people write them: a mark stands at its word."""
    rng = random.Random(5)
    captions = (" ".join(word for word, _ in everyday_caption(rng)) for _ in range(count))
    return [caption.replace(" ,", ",").replace(" .", ".") for caption in captions]


def test_thousands_of_captions_have_the_verbs_that_nltk_finds():
    captions = [*everyday(4000), *ODD]
    found = find_verbs(captions)
    told = one_by_one(load_tagger(), captions)
    assert found == [[w.lower() for w, tag in words if tag[:2] == "VB" and any(map(str.isalpha, w))] for words in told]
    assert sum(map(len, found)) > 4000


def test_equal_scores_end_in_the_same_tag(unsure_tagger: PerceptronTagger):
    captions = [*everyday(1000), *ODD]
    assert BatchTagger(unsure_tagger).tag(split_words(captions)) == one_by_one(unsure_tagger, captions)


def test_no_captions_have_no_tags(unsure_tagger: PerceptronTagger):
    assert BatchTagger(unsure_tagger).tag([]) == []


PARTS = [
    "a",
    "dog",
    "runs",
    "can",
    "not",
    "gonna",
    "na",
    "1984",
    "3",
    ",",
    ".",
    "-",
    "'",
    "'s",
    '"',
    "(",
    ">",
    "$",
    "é",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.sampled_from([*PARTS, " ", "  ", "\t"])).map("".join) | st.text(max_size=30), max_size=8))
def test_any_text_is_parted_as_by_nltk(captions: list[str]):
    tokenizer = TreebankWordTokenizer()
    assert split_words(captions) == [tokenizer.tokenize(caption) for caption in captions]
