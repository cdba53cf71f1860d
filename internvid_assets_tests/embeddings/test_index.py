"""The clip index on a real LanceDB: equal to its rows, written incrementally, searched by vector."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from internvid_assets.embeddings.index import ClipIndex, IndexReport

VECTORS = {"north": [0.0, 1.0, 0.0, 0.0], "east": [1.0, 0.0, 0.0, 0.0], "south": [0.0, -1.0, 0.0, 0.0]}


def rows(**versions: str) -> pl.LazyFrame:
    """One row per clip, named after the direction of its vector."""
    names = list(versions)
    vectors = pl.Series([VECTORS[name] for name in names], dtype=pl.List(pl.Float32))
    return pl.LazyFrame(
        {
            "clip_id": names,
            "video_id": ["v"] * len(names),
            "category": ["music" if name == "north" else "sports" for name in names],
            "caption": [f"it points {name}" for name in names],
            "version": list(versions.values()),
            "start_seconds": [0.0] * len(names),
            "end_seconds": [1.0] * len(names),
            "video_embedding": vectors,
            "caption_embedding": vectors,
        },
        schema_overrides={"clip_id": pl.String, "caption": pl.String, "version": pl.String},
    )


def found(index: ClipIndex, name: str, **options) -> list[str]:
    return index.search(VECTORS[name], **{"count": 3, **options})["clip_id"].to_list()


def test_only_changes_are_written(tmp_path: Path):
    index = ClipIndex(tmp_path / "index")
    assert index.synchronise(rows(north="1", east="1")) == IndexReport(rows=2, written=2, removed=0)
    assert index.synchronise(rows(north="1", east="1")) == IndexReport(rows=2, written=0, removed=0)
    assert index.synchronise(rows(north="2", south="1")) == IndexReport(rows=2, written=2, removed=1)
    assert found(index, "north") == ["north", "south"]


def test_vectors_of_another_embedder_make_the_table_anew(tmp_path: Path):
    index = ClipIndex(tmp_path / "index")
    index.synchronise(rows(north="1", east="1"))
    shorter = pl.col("video_embedding", "caption_embedding").list.head(2)
    assert index.synchronise(rows(east="2", south="2").with_columns(shorter)) == IndexReport(2, written=2, removed=0)
    assert index.search([1.0, 0.0], count=3)["clip_id"].to_list() == ["east", "south"]
    assert index.synchronise(rows(east="2", south="2").with_columns(shorter)) == IndexReport(2, written=0, removed=0)


def test_the_nearest_come_first_with_their_cosine(tmp_path: Path):
    index = ClipIndex(tmp_path / "index")
    index.synchronise(rows(north="1", east="1", south="1"))
    hits = index.search([0.0, 2.0, 0.0, 0.0], count=3)
    assert hits["clip_id"].to_list() == ["north", "east", "south"]
    assert hits["similarity"].to_list() == pytest.approx([1.0, 0.0, -1.0], abs=1e-6)
    assert hits["caption"][0] == "it points north"


def test_a_filter_comes_before_the_search(tmp_path: Path):
    index = ClipIndex(tmp_path / "index")
    index.synchronise(rows(north="1", east="1", south="1"))
    assert found(index, "north", count=1, where="category = 'sports'") == ["east"]


def test_an_index_of_nothing_is_no_error(tmp_path: Path):
    index = ClipIndex(tmp_path / "index")
    assert index.synchronise(rows()) == IndexReport(0, 0, 0)
    assert not index.exists()
    index.synchronise(rows(north="1"))
    assert index.synchronise(rows()) == IndexReport(rows=0, written=0, removed=1)
    index.optimise()
