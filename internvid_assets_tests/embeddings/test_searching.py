"""Searches of a real index: by vector, by words, by both, among clips that pass filters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from toy_clips import VECTORS, clips, directions

from internvid_assets.cells.errors import UserError
from internvid_assets.embeddings.index import ClipIndex
from internvid_assets.embeddings.searching import Filters, refuse_other_models, search, vector_of

NORTH = np.array(VECTORS["north"])


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> ClipIndex:
    index = ClipIndex(tmp_path_factory.mktemp("index"))
    scores = pl.when(pl.col("clip_id") != "east").then(pl.col("clip_id").str.len_chars() / 10)
    index.synchronise([directions(north="1", east="1", south="1").with_columns(umt_score=scores)])
    index.maintain()
    return index


def test_the_nearest_come_first_with_their_cosine(index: ClipIndex):
    hits = search(index, 2 * NORTH, count=3)
    assert hits["clip_id"].to_list() == ["north", "east", "south"]
    assert hits["similarity"].to_list() == pytest.approx([1.0, 0.0, -1.0], abs=1e-6)
    assert hits["caption"][0] == "it points north"


def test_words_and_vector_are_fused(index: ClipIndex):
    """The last by its picture is the only one by its words: 1/63 + 1/61 is more than 1/61."""
    hits = search(index, NORTH, count=2, words="SOUTH!")
    assert hits["clip_id"].to_list() == ["south", "north"]
    assert hits["similarity"].to_list() == pytest.approx([-1.0, 1.0], abs=1e-6)


@pytest.mark.parametrize("words", ["nothing like it", "the", "(\"a' AND", "it points"])
def test_words_that_tell_nothing_leave_the_vector_its_say(index: ClipIndex, words: str):
    assert search(index, NORTH, count=1, words=words)["clip_id"].to_list() == ["north"]


FILTERS = [
    (Filters(category="sports"), ["east", "south"]),
    (Filters(min_umt_score=0.5), ["north", "south"]),
    (Filters(min_umt_score=0.51), []),
    (Filters(category="sports", min_umt_score=0.5), ["south"]),
    (Filters(min_duration_seconds=2), ["north", "east", "south"]),
    (Filters(min_duration_seconds=2.5), []),
    (Filters(other_than="north"), ["east", "south"]),
    (Filters(category="it's none"), []),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS)
@pytest.mark.parametrize("words", [None, "points"])
def test_filters_come_before_the_search(index: ClipIndex, filters: Filters, expected: list[str], words: str | None):
    hits = search(index, NORTH, count=3, words=words, filters=filters)
    assert sorted(hits["clip_id"]) == sorted(expected)
    assert search(index, NORTH, count=1, words=words, filters=filters).height == min(1, len(expected))


def test_a_filter_that_was_never_made_is_told(index: ClipIndex):
    with pytest.raises(UserError, match=r"no clip in the index has aesthetic_score yet; run: internvid materialize"):
        search(index, NORTH, count=3, filters=Filters(min_aesthetic_score=4))


def test_a_vector_of_another_length_is_told(index: ClipIndex):
    with pytest.raises(
        UserError, match=r"vectors of \d+ numbers, the configured model gives \d+; run: internvid materialize"
    ):
        search(index, NORTH[:2], count=3, words="points")


def test_another_model_of_the_same_length_is_told(index: ClipIndex):
    hits = search(index, NORTH, count=3)
    refuse_other_models(hits, ("toy", "1"))
    with pytest.raises(UserError, match="embeddings of toy @ 1, the configured model is toy @ 2; run"):
        refuse_other_models(hits, ("toy", "2"))


def test_a_clips_own_vector(index: ClipIndex):
    assert np.array_equal(vector_of(index, "north"), NORTH)
    assert vector_of(index, "it's none") is None


def test_equal_clips_stand_in_the_order_of_their_names(tmp_path: Path):
    index = ClipIndex(tmp_path)
    index.synchronise([clips(["c", "a", "b"], np.tile(NORTH, (3, 1)))])
    assert search(index, NORTH, count=3)["clip_id"].to_list() == ["a", "b", "c"]
