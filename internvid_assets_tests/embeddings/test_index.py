"""The clip index on a real LanceDB: equal to its rows, written incrementally, its own indexes kept up to date."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from toy_clips import clips, crowd, directions

from internvid_assets.cells.errors import UserError
from internvid_assets.embeddings.index import ClipIndex, IndexReport
from internvid_assets.embeddings.searching import search, vector_of


@pytest.fixture
def index(tmp_path: Path) -> ClipIndex:
    return ClipIndex(tmp_path / "index", approximate_from_rows=300)


def contents(index: ClipIndex) -> list[tuple[str, str]]:
    return sorted(index.table.read(["clip_id", "version"]).rows())


def test_only_changes_are_written(index: ClipIndex):
    assert index.synchronise([directions(north="1", east="1")]) == IndexReport(rows=2, written=2, removed=0)
    assert index.synchronise([directions(north="1", east="1")]) == IndexReport(rows=2, written=0, removed=0)
    assert index.synchronise([directions(north="2", south="1")]) == IndexReport(rows=2, written=2, removed=1)
    assert contents(index) == [("north", "2"), ("south", "1")]


def test_a_clip_of_two_categories_comes_from_the_first(index: ClipIndex):
    parts = [directions(north="first", east="1"), directions(north="second", south="1")]
    assert index.synchronise(parts) == IndexReport(rows=3, written=3, removed=0)
    assert index.synchronise(parts) == IndexReport(rows=3, written=0, removed=0)
    assert contents(index) == [("east", "1"), ("north", "first"), ("south", "1")]


def test_vectors_of_another_embedder_make_the_table_anew(index: ClipIndex):
    index.synchronise([directions(north="1", east="1")])
    shorter = pl.col("video_embedding", "caption_embedding").list.head(2)
    for written in (2, 0):
        report = index.synchronise([directions(east="2", north="2").with_columns(shorter)])
        assert report == IndexReport(2, written=written, removed=0)
    found = vector_of(index, "east")
    assert found is not None and found.tolist() == [1.0, 0.0]


def test_vectors_of_two_embedders_are_refused_and_the_table_stays(index: ClipIndex):
    """Of two categories, one was embedded anew; the table made anew for each would hold the last alone."""
    index.synchronise([directions(north="1", east="1")])
    shorter = directions(south="1").with_columns(pl.col("video_embedding", "caption_embedding").list.head(2))
    with pytest.raises(UserError, match=r"vectors of 2 and 4 numbers, .*; run: internvid materialize key:clip_emb"):
        index.synchronise([directions(north="2"), directions(), shorter])
    assert contents(index) == [("east", "1"), ("north", "1")]


def test_an_index_of_nothing_is_no_error(index: ClipIndex):
    assert index.synchronise([directions()]) == IndexReport(0, 0, 0)
    assert not index.exists() and index.repeated_keys() == index.broken_vectors() == 0
    index.maintain()
    index.synchronise([directions(north="1")])
    assert index.synchronise([directions()]) == IndexReport(rows=0, written=0, removed=1)
    index.maintain()


def indexes(index: ClipIndex) -> dict[str, tuple[int, int]]:
    """(rows in it, rows written since) of each of the table's indexes."""
    table = index.table.open()
    stats = {one.columns[0]: table.index_stats(one.name) for one in table.list_indices()}
    return {column: (one.num_indexed_rows, one.num_unindexed_rows) for column, one in stats.items()}


def test_an_approximate_index_is_made_when_it_pays_and_then_only_added_to(index: ClipIndex):
    vectors, names = crowd(500), [f"c{number}" for number in range(500)]
    index.synchronise([clips(names[:200], vectors[:200])])
    index.maintain()
    assert indexes(index) == {"caption": (200, 0)}
    index.synchronise([clips(names[:400], vectors[:400])])
    index.maintain()
    assert indexes(index) == {"caption": (400, 0), "video_embedding": (400, 0)}
    trained = files(index)
    index.synchronise([clips(names, vectors)])
    assert indexes(index)["video_embedding"] == (400, 100)
    index.maintain()
    assert indexes(index) == {"caption": (500, 0), "video_embedding": (500, 0)}
    assert trained <= files(index)  # the first part lies as it was


def files(index: ClipIndex) -> set[str]:
    """The files of the approximate index's parts."""
    table = index.table.open()
    (name,) = [one.name for one in table.list_indices() if one.columns == ["video_embedding"]]
    assert table.index_stats(name).index_type == "IVF_RQ"
    return {str(path) for path in index.directory.glob("clips.lance/_indices/*/auxiliary.idx")}


def test_the_approximate_index_finds_what_an_exact_search_finds(index: ClipIndex):
    vectors = crowd(2000, dimensions=128)
    index.synchronise([clips([f"c{number}" for number in range(2000)], vectors)])
    index.maintain()
    asked = vectors[:40]
    exact = np.argsort(-asked @ vectors.T, axis=1, kind="stable")[:, :10]
    found = [search(index, vector, count=10)["clip_id"].str.slice(1).cast(pl.Int64).to_list() for vector in asked]
    assert np.mean([len({*mine} & {*truth}) for mine, truth in zip(found, exact.tolist(), strict=True)]) >= 8.5


def test_what_is_wrong_with_vectors_is_counted(index: ClipIndex):
    """Lance takes any number; the check of `clip_index` does not."""
    vectors = np.eye(4, dtype=np.float32)
    vectors[1] *= 2
    vectors[2, 0] = np.nan
    index.synchronise([clips(["fine", "long", "nan", "fine too"], vectors)])
    assert index.broken_vectors() == 2


def test_doubled_rows_are_counted(index: ClipIndex):
    index.synchronise([directions(north="1", east="1")])
    table = index.table.open()
    table.add(table.to_arrow().slice(0, 1))
    assert index.repeated_keys() == 1
