"""Stitching: neighbours that look alike are one clip, long clips are several, and nothing is lost or cut twice."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tiny_videos import noise, write_video

from internvid_assets.cells.fill import FillReport, fill
from internvid_assets.clips.assets import clips
from internvid_assets.clips.spans import with_long_cut
from internvid_assets.clips.splitters import split
from internvid_assets.clips.stitching import end_vectors, merged, split_with_ends, stitched
from internvid_assets.home import Home
from internvid_assets.sample_world.drawing import draw
from internvid_assets.sample_world.scenes import Scene
from internvid_assets.settings import load_settings

STAR = Scene("star", "blue", "large", "striped", "yellow", "moves right", 2.0)
SAME_STAR = replace(STAR, seed=7, action="moves left")
"""The same star from where it is on, before other stripes: enough of a change for a low threshold."""
SQUARE = Scene("square", "red", "medium", "plain", "green", "rises", 2.0)
LIMITS = {"max_stitch_distance": 0.6, "max_inner_distance": 1.0, "max_clip_seconds": 60.0}


def clip(start: int, end: int, **columns: Any) -> dict[str, Any]:
    """A clip of one frame a second, its times in seconds."""
    return {
        "start_pts": start,
        "end_pts": end,
        "time_base": "1/1",
        "start_seconds": float(start),
        "end_seconds": float(end),
        "frame_count": end - start,
        "motion_mean": 1.0,
        "motion_max": 2.0,
        "flow_mean": 3.0,
        "brightness_mean": 100.0,
        "black_spans_seconds": [],
        "white_spans_seconds": [],
        "frozen_spans_seconds": [],
        "content_box": [0.0, 0.0, 1.0, 1.0],
        **columns,
    }


def ends(*pairs: tuple[float, float]) -> np.ndarray:
    """Unit vectors near the start and the end of each clip, by angles in degrees: 60 are a distance of 1."""
    angles = np.radians(pairs)
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def spans(rows: Sequence[Any]) -> list[tuple[int, int]]:
    return [(row["start_pts"], row["end_pts"]) for row in rows]


@pytest.mark.parametrize(
    ("angles", "expected"),
    [
        ([(0, 0), (30, 0), (0, 0)], [(0, 30)]),  # 30 degrees are a distance of 0.52
        ([(0, 0), (40, 40), (40, 40)], [(0, 10), (10, 30)]),  # 40 are one of 0.68
        ([(0, 30), (60, 90), (120, 120)], [(0, 30)]),  # each like its neighbour, the last unlike the first
        ([(0, 0), (0, 70), (70, 70)], [(0, 10), (10, 20), (20, 30)]),  # a transition stands alone
        ([(0, 0), (math.nan, math.nan), (0, 0)], [(0, 10), (10, 20), (20, 30)]),  # nothing to see, nothing alike
    ],
)
def test_neighbours_that_look_alike_are_merged(angles: list, expected: list) -> None:
    cut = [clip(0, 10), clip(10, 20), clip(20, 30)]
    assert spans(stitched(cut, ends(*angles), **LIMITS)) == expected


@pytest.mark.parametrize(
    ("longest", "expected"), [(30, [(0, 30)]), (29, [(0, 20), (20, 30)]), (5, [(0, 10), (10, 20), (20, 30)])]
)
def test_nothing_longer_than_allowed_is_made(longest: float, expected: list) -> None:
    cut = [clip(0, 10), clip(10, 20), clip(20, 30)]
    done = stitched(cut, ends((0, 0), (0, 0), (0, 0)), **{**LIMITS, "max_clip_seconds": longest})
    assert spans(done) == expected


def test_a_merged_clip_has_the_columns_of_both() -> None:
    first = clip(0, 11, motion_mean=2.0, motion_max=9.0, black_spans_seconds=[0.0, 1.0, 9.0, 11.0])
    second = clip(11, 16, motion_mean=9.0, flow_mean=8.0, brightness_mean=20.0, black_spans_seconds=[11.0, 12.0])
    boxes = {"content_box": [0.1, 0.0, 0.8, 1.0]}, {"content_box": [0.2, 0.0, 0.9, 0.5]}
    assert merged([first | boxes[0], second | boxes[1]]) == clip(
        0,
        16,
        motion_mean=(10 * 2 + 4 * 9) / 14,  # the cut between them is no movement
        motion_max=9.0,
        flow_mean=round((11 * 3 + 5 * 8) / 16, 4),
        brightness_mean=(11 * 100 + 5 * 20) / 16,
        black_spans_seconds=[0.0, 1.0, 9.0, 12.0],
        content_box=[0.1, 0.0, 0.9, 1.0],
    )


def test_black_clips_have_no_box_and_clips_of_one_picture_no_movement() -> None:
    black = clip(0, 1, content_box=None), clip(1, 2, content_box=None)
    assert merged(black)["content_box"] is None
    assert merged(black)["motion_mean"] == 0.0
    assert merged([clip(0, 1, brightness_mean=None), clip(1, 2)])["brightness_mean"] == 100.0
    assert merged([clip(0, 1, brightness_mean=None)] * 2)["brightness_mean"] is None
    assert merged([black[0], clip(1, 2)])["content_box"] == [0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("bounds", "longest", "expected"),
    [
        ([0, 10], 10, [0, 10]),
        ([0, 10, 31], 10, [0, 10, 17, 24, 31]),
        ([0, 11], 10, [0, 5, 11]),  # at a picture: 5.5 is none
        ([0, 3], 1, [0, 1, 2, 3]),
    ],
)
def test_long_spans_are_cut_into_equal_parts(bounds: list[int], longest: int, expected: list[int]) -> None:
    assert with_long_cut(bounds, range(40), Fraction(longest)) == expected


def test_a_picture_that_stays_is_not_cut() -> None:
    assert with_long_cut([0, 100], [0, 1, 2, 90], Fraction(10)) == [0, 2, 90, 100]


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds each of a scene, the same scene after a cut, and another scene."""
    pictures = [draw(scene, i / 25, 160, 120) for scene in (STAR, SAME_STAR, SQUARE) for i in range(50)]
    return write_video(tmp_path_factory.mktemp("film") / "film.mp4", pictures, codec_options={"preset": "medium"})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Opens the same home under settings."""
    (tmp_path / "internvid.toml").touch()
    monkeypatch.setenv("INTERNVID_SETTINGS", str(tmp_path / "internvid.toml"))
    low = ["clips.threshold=5", "workers=1", f"home={tmp_path / 'home'}"]
    return lambda *overrides: Home(load_settings([*low, *(f"clips.{text}" for text in overrides)]))


def made(home: Home, film: Path) -> tuple[FillReport, pl.DataFrame]:
    """The table of clips of one film, by real workers and the real embedder."""
    video = {"video_id": "v", "category": "sports", "content_hash": "h", "media_uri": film.as_uri()}
    videos = pl.LazyFrame([{**video, "error": None, "rejection_reason": None}])
    report = fill(
        clips,
        clips.upstream(videos),
        recipe=home.recipe(clips),
        category="sports",
        lake=home.lake,
        open_work=lambda: home.open_work(clips, "sports"),
        judgement=home.settings.clips,
    )
    return report, home.lake.scan("clips", "sports").sort("start_pts").collect()


def test_alike_neighbours_of_a_real_film_are_one_clip_and_different_ones_two(home: Any, film: Path) -> None:
    _, cut = made(home(), film)
    report, rows = made(home("stitching=true"), film)
    assert cut["frame_count"].to_list() == [50, 50, 50]
    assert rows["frame_count"].to_list() == [100, 50]
    assert rows["error"].null_count() == 2
    assert spans(rows.to_dicts()) == [
        (cut["start_pts"][0], cut["end_pts"][1]),
        (cut["start_pts"][2], cut["end_pts"][2]),
    ]
    assert rows["end_seconds"].to_list() == [4.0, 6.0]
    assert rows["motion_max"][0] == cut["motion_max"][:2].max()  # the cut, three times as much, is no movement
    assert rows["motion_mean"][0] == pytest.approx(cut["motion_mean"][:2].mean())
    assert report.calls_made == 1
    assert made(home("stitching=true"), film)[0].calls_made == 0


def test_a_long_clip_of_a_real_film_is_cut_into_equal_parts(home: Any, film: Path) -> None:
    _, rows = made(home("stitching=true", "max_clip_seconds=1.5"), film)
    assert rows["frame_count"].to_list() == [25] * 6
    assert all(before == after for (_, before), (after, _) in pairwise(spans(rows.to_dicts())))
    assert all(motion > 0 for motion in rows["motion_mean"])


def test_without_stitching_clips_and_recipe_are_what_they_were(home: Any, film: Path) -> None:
    plain, rows = home(), made(home(), film)[1]
    assert rows.select(clips.payload().keys()).to_dicts() == split(str(film), threshold=5.0)
    assert plain.recipe(clips).models == ()
    assert set(plain.recipe(clips).parameters) == {
        *("splitter", "threshold", "min_scene_length_frames", "videos.max_pixels")
    }
    assert home("max_stitch_distance=0.1", "max_clip_seconds=9").recipe(clips) == plain.recipe(clips)


def test_the_recipe_of_stitching_names_its_limits_and_the_embedder(home: Any) -> None:
    on = home("stitching=true")
    assert on.recipe(clips).models == (on.models.specs["embedder"].identity,)
    assert {name: on.recipe(clips).parameters[name] for name in LIMITS} == LIMITS
    assert home("stitching=true", "max_inner_distance=0.9").recipe(clips) != on.recipe(clips)


def test_ends_are_looked_at_a_twentieth_inside(tmp_path: Path, home: Any) -> None:
    path = write_video(tmp_path / "v.mp4", [noise(i // 2) for i in range(40)], codec_options={"crf": "1"})
    cut, jpegs = split_with_ends(str(path), threshold=255.0, max_pixels=1 << 24, threads=1)
    embedder = home().models.embedder
    assert (len(cut), len(jpegs)) == (1, 2)
    seen = end_vectors(jpegs, embedder)
    assert seen.shape == (1, 2, seen.shape[-1])
    assert np.argmax(embedder.embed_images([noise(i) for i in range(20)]) @ seen[0].T, axis=0).tolist() == [1, 19]


def test_a_clip_without_a_picture_has_no_vector(home: Any) -> None:
    seen = end_vectors([b"", b""], home().models.embedder)
    assert seen.shape[:2] == (1, 2) and np.isnan(seen).all()
