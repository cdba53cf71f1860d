"""Near-duplicates found through a real index, held against NumPy's all pairs; and who stands for whom."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_clips import clips, crowd

from internvid_assets.embeddings import neighbours
from internvid_assets.embeddings.groups import grouped
from internvid_assets.embeddings.index import ClipIndex
from internvid_assets.embeddings.neighbours import Neighbours

ROWS, CLIPS_PER_VIDEO = 600, 4
NAMES = [f"c{number:03}" for number in range(ROWS)]
MIN_COSINE = 0.8


@pytest.fixture
def index(tmp_path: Path) -> ClipIndex:
    return ClipIndex(tmp_path / "index", approximate_from_rows=300)


def all_pairs(vectors: np.ndarray, rows: list[int], min_cosine: float = MIN_COSINE) -> set[tuple[str, str]]:
    """By the obvious way."""
    return {
        (NAMES[a], NAMES[b])
        for a, b in combinations(rows, 2)
        if a // CLIPS_PER_VIDEO != b // CLIPS_PER_VIDEO and vectors[a] @ vectors[b] >= min_cosine
    }


def write(index: ClipIndex, vectors: np.ndarray, rows: list[int]) -> None:
    part = clips(NAMES, vectors, CLIPS_PER_VIDEO).filter(pl.col("clip_id").is_in([NAMES[row] for row in rows]))
    index.synchronise([part])
    index.maintain()


def asked(index: ClipIndex, min_cosine: float = MIN_COSINE) -> tuple[set[tuple[str, str]], int]:
    """The pairs, and how many clips the index was asked about."""
    told = [0]
    pairs = Neighbours(index).pairs(min_cosine, lambda made, to_make: told.append(made))
    assert (pairs["clip_id"] < pairs["other_clip_id"]).all() and (pairs["video_id"] != pairs["other_video_id"]).all()
    return set(pairs.select("clip_id", "other_clip_id").iter_rows()), told[-1]


def test_all_pairs_are_found_and_only_new_clips_are_asked_about(index: ClipIndex):
    vectors, every = crowd(ROWS), list(range(ROWS))
    write(index, vectors, every[:500])
    assert asked(index) == (all_pairs(vectors, every[:500]), 500)
    assert asked(index) == (all_pairs(vectors, every[:500]), 0)
    write(index, vectors, every[100:501])
    assert asked(index) == (all_pairs(vectors, every[100:501]), 1)


def test_a_changed_vector_loses_its_old_pairs_and_gets_new_ones(index: ClipIndex):
    vectors, every = crowd(ROWS), list(range(ROWS))
    write(index, vectors, every)
    asked(index)
    vectors[7] = vectors[300]
    changed = clips(NAMES, vectors, CLIPS_PER_VIDEO)
    index.synchronise(
        [changed.with_columns(version=pl.when(pl.col("clip_id") == NAMES[7]).then(pl.lit("2")).otherwise("version"))]
    )
    pairs, count = asked(index)
    assert (pairs, count) == (all_pairs(vectors, every), 1)
    assert (NAMES[7], NAMES[300]) in pairs


def test_a_higher_cosine_asks_nothing_and_a_lower_one_everything(index: ClipIndex):
    vectors, every = crowd(ROWS), list(range(ROWS))
    write(index, vectors, every)
    asked(index)
    assert asked(index, 0.9) == (all_pairs(vectors, every, 0.9), 0)
    assert asked(index, 0.7) == (all_pairs(vectors, every, 0.7), ROWS)


def test_a_crowd_is_asked_for_more_neighbours_up_to_the_most(index: ClipIndex):
    """100 equal clips have 99 near-duplicates each: more than are asked for at first."""
    assert neighbours.FIRST_NEIGHBOURS < 100 < neighbours.MOST_NEIGHBOURS
    vectors = crowd(ROWS)
    vectors[:100] = vectors[0]
    write(index, vectors, list(range(ROWS)))
    pairs, _ = asked(index, 0.99)
    assert pairs >= all_pairs(vectors, list(range(100)), 0.99)
    assert Neighbours(index).crowded() == 0
    vectors[:] = vectors[0]
    index.synchronise([clips(NAMES, vectors, CLIPS_PER_VIDEO).with_columns(version=pl.lit("2"))])
    asked(index, 0.99)
    assert Neighbours(index).crowded() == ROWS - 100  # the first hundred look as they did


def test_no_index_no_pairs(index: ClipIndex):
    assert Neighbours(index).pairs(0.9, lambda made, to_make: None).is_empty()


def pairs_of(edges: set[tuple[str, str]]) -> pl.DataFrame:
    rows = [{"clip_id": a, "other_clip_id": b, "cosine": 0.96} for a, b in sorted(edges)]
    return pl.DataFrame(rows, schema={"clip_id": pl.String, "other_clip_id": pl.String, "cosine": pl.Float64})


def test_the_one_with_most_near_duplicates_stands_for_them():
    """b knows a, c and d; e only d, which b has taken, so e stands for itself. A chain would have joined all five."""
    groups = grouped(pairs_of({("a", "b"), ("b", "c"), ("b", "d"), ("d", "e")}))
    assert groups.rows() == [("a", "b", 0.96), ("b", "b", 1.0), ("c", "b", 0.96), ("d", "b", 0.96), ("e", "e", 1.0)]


edges = st.sets(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")).filter(lambda e: e[0] < e[1]))


@given(edges)
def test_each_is_a_near_duplicate_of_its_representative_and_no_two_of_those_are(pairs: set[tuple[str, str]]):
    groups = grouped(pairs_of(pairs))
    assert set(groups["clip_id"]) == {clip for pair in pairs for clip in pair}
    for clip, representative, _ in groups.iter_rows():
        assert clip == representative or tuple(sorted((clip, representative))) in pairs
    representatives = sorted(set(groups["representative_clip_id"]))
    assert not set(combinations(representatives, 2)) & pairs
