"""The semantic filter: the same pool as one loop over one clip after the other, in an order that clips alone decide."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from internvid_assets.embeddings.caption_vectors import CaptionVectors
from internvid_assets.embeddings.pool import greedy_pool, order_of, pooled


def clouds(count: int, seed: int = 0) -> np.ndarray:
    """Unit vectors around a few directions, so that many are alike."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(12, 16))[rng.integers(12, size=count)] + rng.normal(size=(count, 16)) * 0.35
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def one_after_the_other(vectors: np.ndarray, max_cosine: float) -> tuple[list[bool], list[int], list[float]]:
    pool, kept, nearest, cosines = [], [], [], []
    for position, vector in enumerate(vectors):
        alike = [float(vector @ vectors[other]) for other in pool]
        best = int(np.argmax(alike)) if alike else -1
        kept.append(best < 0 or alike[best] < max_cosine)
        nearest.append(pool[best] if best >= 0 else -1)
        cosines.append(alike[best] if best >= 0 else np.nan)
        if kept[-1]:
            pool.append(position)
    return kept, nearest, cosines


@pytest.mark.parametrize("block_rows", [1, 7, 64, 1000])
@pytest.mark.parametrize("max_cosine", [-1.0, 0.5, 0.8, 0.95, 1.0])
def test_the_pool_is_the_naive_loops(block_rows: int, max_cosine: float):
    vectors = clouds(300)
    kept, nearest, cosines = one_after_the_other(vectors, max_cosine)
    verdicts = greedy_pool(vectors, max_cosine, block_rows=block_rows)
    assert verdicts.is_kept.tolist() == kept and verdicts.nearest.tolist() == nearest
    np.testing.assert_allclose(verdicts.cosine, cosines, atol=1e-6)


def clips(vectors: np.ndarray) -> pl.DataFrame:
    ids = [f"clip{number}" for number in range(len(vectors))]
    return pl.DataFrame({"clip_id": ids, "category": "other", "vector": vectors.tolist()})


def test_the_order_of_rows_changes_nothing():
    rows = clips(clouds(200))
    told = pooled(rows, 0.8)
    assert 10 < told["is_kept"].sum() < 150
    assert pooled(rows.sample(fraction=1.0, shuffle=True, seed=1), 0.8).equals(told)
    assert told["clip_id"].to_list() == sorted(rows["clip_id"], key=order_of)


def test_a_clip_that_is_later_in_the_order_evicts_nobody():
    rows = clips(clouds(200))
    told = pooled(rows, 0.8)
    before = pooled(rows.filter(pl.col("clip_id") != told["clip_id"][-1]), 0.8)
    assert told.head(-1).equals(before)


def test_none_and_one():
    assert pooled(clips(clouds(1)).clear(), 0.8).is_empty()
    (row,) = pooled(clips(clouds(1)), 0.8).iter_rows(named=True)
    assert row["is_kept"] and row["nearest_clip_id"] is None and row["cosine"] is None


class Counting:
    """Encodes a text by its letters, and counts."""

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def embed_texts(self, texts) -> np.ndarray:
        self.encoded += texts
        return np.stack([[len(text), text.count("a"), 1.0] for text in texts]).astype(np.float32)


def test_each_caption_is_encoded_once_by_each_encoder(tmp_path: Path):
    encoder = Counting()
    rows = pl.DataFrame({"clip_id": ["1", "2", "3"], "category": "other", "caption": ["a ball", "a cat", "a ball"]})
    told = CaptionVectors(tmp_path, encoder, "first").of(rows)
    assert encoder.encoded == ["a ball", "a cat"]
    assert told["vector"].to_list() == [[6, 2, 1], [5, 2, 1], [6, 2, 1]] and told["clip_id"].to_list() == [
        "1",
        "2",
        "3",
    ]
    more = pl.concat([rows.tail(1), pl.DataFrame({"clip_id": ["4"], "category": "other", "caption": ["aaa"]})])
    CaptionVectors(tmp_path, encoder, "first").of(more)
    assert encoder.encoded == ["a ball", "a cat", "aaa"]
    CaptionVectors(tmp_path, encoder, "second").of(more)
    assert encoder.encoded[3:] == ["a ball", "aaa"]
    assert CaptionVectors(tmp_path / "none", encoder, "first").of(rows.clear()).is_empty()
