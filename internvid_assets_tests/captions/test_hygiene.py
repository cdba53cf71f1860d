"""Captions that are none, or say more than what is seen, are marked and kept."""

from __future__ import annotations

import polars as pl
import pytest

from internvid_assets.caption_parameters import CaptionParameters
from internvid_assets.captions.hygiene import with_flaw
from internvid_assets.language.tagged_captions import training_sentences

FLAWS = [
    ("a red ball moves left on a plain blue background", None),
    ("A man takes a picture of this frame.", None),
    ("a woman says sorry to her dog", None),
    (None, None),
    ("I'm sorry, but I can't help with that.", "refusal"),
    ("As an AI model, I see a dog.", "refusal"),
    ("I cannot identify people in photos.", "refusal"),
    ("In this image, a dog runs.", "boilerplate"),
    ("The video shows a dog that runs.", "boilerplate"),
    ("Caption: a dog runs", "boilerplate"),
    ("Sure! a dog runs", "boilerplate"),
    ("a dog runs <|im_end|>", "boilerplate"),
    ("a dog runs a dog runs a dog runs", "repetition"),
    ("a dog runs and a dog barks", None),
    ("a very very old dog", None),
    ("un homme joue de la guitare sur une scène devant un public", "other_language"),
    ("男人在舞台上弹吉他", "other_language"),
    ("человек играет на гитаре на сцене", "other_language"),
    ("a mariachi band plays in guadalajara mexico", None),
    ("un homme", None),
    ("dog", "too_short"),
    (" ".join(f"dog{i} runs" for i in range(61)), "too_long"),
]


def judged(captions: list[str | None], **parameters) -> list[str | None]:
    rows = pl.LazyFrame({"caption": captions}, schema={"caption": pl.String})
    return with_flaw(rows, CaptionParameters(**parameters)).collect()["flaw"].to_list()


@pytest.mark.parametrize(("caption", "flaw"), FLAWS)
def test_the_first_rule_that_a_caption_breaks(caption, flaw):
    assert judged([caption]) == [flaw]


def test_each_row_is_judged_by_its_own_caption():
    captions = [caption for caption, _ in FLAWS] * 2
    assert judged(captions) == [flaw for _, flaw in FLAWS] * 2


def test_no_good_english_is_flawed():
    """The sample world's captions and everyday ones, of nouns and verbs at random."""
    sentences = training_sentences(seed=7, world=2000, everyday=8000)
    captions: list[str | None] = [" ".join(word for word, _ in sentence) for sentence in sentences]
    flawed = [(flaw, caption) for flaw, caption in zip(judged(captions, min_words=0), captions, strict=True) if flaw]
    assert len(captions) > 10_000 and flawed == []


def test_any_language_will_do_or_another_one():
    french = "un homme joue de la guitare sur une scène devant un public"
    assert judged([french], language="") == judged([french], language="fr") == [None]
    assert judged(["a man is playing the guitar on a large stage"], language="fr") == ["other_language"]
    with pytest.raises(ValueError, match="should match pattern"):
        judged([french], language="english")


def test_rules_are_judgements():
    """Of no recipe: another bound or language costs no call."""
    assert judged(["a dog runs"], min_words=4) == ["too_short"]
    strict = CaptionParameters(min_words=4, language="fr")  # pyright: ignore[reportCallIssue]
    assert strict.of_recipe() == CaptionParameters().of_recipe()  # pyright: ignore[reportCallIssue]
