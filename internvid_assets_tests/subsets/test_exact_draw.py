"""The exact mode of DIV: numpy's own draw, in Python and in SQL."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pytest
from pools import Pool

from internvid_assets.selects import numpy_choice

GOLDEN = Path(__file__).parents[2].parent / "shared" / "golden" / "div_sampling.json"


@pytest.mark.parametrize("size", [8, 20, 60])
def test_it_draws_what_the_original_script_drew(size: int) -> None:
    if not GOLDEN.exists() and os.environ.get("CI") != "true":
        pytest.skip("no golden data here")
    golden = json.loads(GOLDEN.read_text())
    videos = [Path(clip).name[:11] for clip in golden["data"]]
    clips = Counter(videos)
    drawn = numpy_choice.choice(np.array([1 / clips[video] for video in videos]), size, seed=42)
    assert drawn.tolist() == golden["cases"][str(size)]["sampled_index"]


def test_the_subset_is_numpys_draw_from_the_pool_in_its_order(pool: Pool) -> None:
    pool.add("b", 5).add("a", 2).add("c", 1)
    names = ["a_0_1", "a_1_2", *(f"b_{i}_{i + 1}" for i in range(5)), "c_0_1"]
    weights = np.array([1 / 2] * 2 + [1 / 5] * 5 + [1])
    np.random.seed(7)  # noqa: NPY002  (what the script calls)
    expected = np.random.choice(len(names), 5, replace=False, p=weights / weights.sum())  # noqa: NPY002
    chosen = pool.choose("internvid_10m_div_exact", size=5, seed=7)
    assert chosen["clip_id"].to_list() == [names[i] for i in expected]
    assert chosen.filter(video_id="b")["reason"].unique().to_list() == ["drawn by numpy by weight 1/5"]


def test_a_pool_smaller_than_the_subset_is_drawn_whole(pool: Pool) -> None:
    assert pool.add("v", 3).choose("internvid_10m_div_exact").height == 3


def test_sql_draws_from_many_lists_and_from_none() -> None:
    with duckdb.connect() as connection:
        numpy_choice.register(connection)
        many = "select numpy_choice([1, 1, n], 3, n::bigint) from range(1, 4000) as numbers(n)"
        assert {tuple(sorted(drawn)) for (drawn,) in connection.execute(many).fetchall()} == {(0, 1, 2)}
        none = "select numpy_choice(list(n::double), 3, 1) from range(0) as numbers(n)"
        assert connection.execute(none).fetchall() == [([],)]


def test_the_streaming_mode_includes_clips_of_each_weight_as_often_as_numpy(pool: Pool) -> None:
    """Of 40 videos each with 12, 3 and 1 clips, 100 clips: mean counts of 20 draws within five standard errors."""
    for i in range(40):
        pool.add(f"12-{i}", 12).add(f"3-{i}", 3).add(f"1-{i}", 1)
    of_clip = [clips for clips in (12, 3, 1) for _ in range(40 * clips)]
    numpys = np.array([_counts(_numpys(of_clip, seed)) for seed in range(400)])
    ours = np.array([_counts(_ours(pool, seed)) for seed in range(20)])
    error = (numpys.var(axis=0) * (1 / 20 + 1 / 400)) ** 0.5
    assert (np.abs(ours.mean(axis=0) - numpys.mean(axis=0)) < 5 * error).all()


def _numpys(of_clip: list[int], seed: int) -> list[int]:
    return [of_clip[i] for i in numpy_choice.choice(1 / np.array(of_clip), 100, seed)]


def _ours(pool: Pool, seed: int) -> list[int]:
    return [int(video.split("-")[0]) for video in pool.choose("internvid_10m_div", size=100, seed=seed)["video_id"]]


def _counts(clips_of_videos: list[int]) -> list[int]:
    return [clips_of_videos.count(clips) for clips in (12, 3, 1)]
