"""Which videos look alike, against all pairs compared one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from internvid_assets.cells.lake import Lake, file_name
from internvid_assets.cells.store import Store
from internvid_assets.interleaved.related import NEIGHBOURS, mean_vectors, related_videos
from internvid_assets.selects.files import column_types

CALL = {"attempts": 1, "recipe": "r", "input_hash": "i"}


def write(home: Path, table: str, category: str | None, rows: list[dict]) -> None:
    path = home / file_name(table, category)
    path.parent.mkdir(parents=True)
    types = column_types(table)
    pl.DataFrame([{name: (CALL | row).get(name) for name in types} for row in rows], schema=types).write_parquet(path)


@pytest.fixture
def vectors(tmp_path: Path) -> dict[str, np.ndarray]:
    """Of 30 videos in two categories, one to three clips each; `copy` is one more, of the first."""
    random, found = np.random.default_rng(0), {}
    clips: dict[str, list[dict]] = {"music": [], "sports": []}
    for i in range(30):
        found[f"v{i:02}"] = random.normal(size=(i % 3 + 1, 8)).astype(np.float32)
    for i, (video_id, own) in enumerate([*found.items(), ("copy", found["v00"])]):
        category = ("music", "sports")[i % 2]
        for n, vector in enumerate(own):
            clip = {"clip_id": f"{video_id}_{n}", "video_id": video_id, "category": category}
            clips[category].append({**clip, "video_embedding": (vector / np.linalg.norm(vector)).tolist()})
    for category, rows in clips.items():
        write(tmp_path, "captioned_clips", category, rows)
        write(tmp_path, "clip_embeddings", category, rows)
    write(tmp_path, "withheld_videos", None, [{"video_id": "copy", "category": "music", "reason": "copy"}])
    return found


def means(vectors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    summed = {name: (own / np.linalg.norm(own, axis=1, keepdims=True)).sum(axis=0) for name, own in vectors.items()}
    return {name: one / np.linalg.norm(one) for name, one in summed.items()}


def test_the_nearest_are_those_of_all_pairs(vectors, tmp_path: Path):
    expected = means(vectors)
    rows = pl.concat(related_videos(Lake(Store(tmp_path)), tmp_path / "scratch"))
    for video_id, own in expected.items():
        cosines = {other: float(own @ its) for other, its in expected.items() if other != video_id}
        nearest = sorted(cosines, key=lambda other: -cosines[other])[:NEIGHBOURS]
        found = rows.filter(pl.col("video_id") == video_id)
        assert found["other_video_id"].to_list() == nearest
        assert found["rank"].to_list() == list(range(1, NEIGHBOURS + 1))
        assert np.allclose(found["cosine"], [cosines[other] for other in nearest], atol=1e-5)
    assert rows.height == 30 * NEIGHBOURS


def test_a_mean_has_unit_length_and_opposites_have_none():
    rows = {"video_id": ["a", "a", "b", "b"], "video_embedding": [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [-1.0, 0.0]]}
    found = mean_vectors(
        pl.DataFrame(rows, schema={"video_id": pl.String, "video_embedding": pl.List(pl.Float32)}).lazy()
    )
    assert np.allclose(np.stack(found["vector"].to_list()), [[0.5**0.5, 0.5**0.5], [0, 0]])


def test_an_empty_lake_relates_nothing(tmp_path: Path):
    assert list(related_videos(Lake(Store(tmp_path)), tmp_path / "scratch")) == []
