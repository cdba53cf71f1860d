"""Captions that are none, or say more than what is seen, are marked and kept."""

from __future__ import annotations

import polars as pl
import pytest

from internvid_assets.caption_parameters import CaptionParameters
from internvid_assets.captions.hygiene import with_flaw

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
    ("dog", "too_short"),
    ("dog " * 121, "too_long"),
]


@pytest.mark.parametrize(("caption", "flaw"), FLAWS)
def test_the_first_rule_that_a_caption_breaks(caption, flaw):
    rows = pl.LazyFrame({"caption": [caption]}, schema={"caption": pl.String})
    judged = with_flaw(rows, CaptionParameters())  # pyright: ignore[reportCallIssue]
    assert judged.collect()["flaw"].to_list() == [flaw]


def test_the_bounds_are_judgements():
    rows = pl.LazyFrame({"caption": ["a dog runs"]})
    strict = CaptionParameters(min_words=4)  # pyright: ignore[reportCallIssue]
    assert with_flaw(rows, strict).collect()["flaw"].to_list() == ["too_short"]
    assert strict.of_recipe() == CaptionParameters().of_recipe()  # pyright: ignore[reportCallIssue]
