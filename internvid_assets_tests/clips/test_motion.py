"""Stills and extreme dynamics are judged away, whatever the cuts made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tiny_videos import grey, noise, write_video

from internvid_assets.clips.motion import rejection_reason
from internvid_assets.clips.splitters import split
from internvid_assets.parameters import ClipsParameters

LIMITS = ("max_still_motion", "max_extreme_motion", "min_duration_seconds")
DEFAULTS = {name: getattr(ClipsParameters(), name) for name in LIMITS}
CLIP: dict[str, Any] = {"motion_mean": 2.0, "duration_seconds": 3.0, "error": None}


def judged(*clips: dict[str, Any], **limits: float) -> list[str | None]:
    frame = pl.DataFrame(
        [{name: (CLIP | clip)[name] for name in CLIP} for clip in clips], schema_overrides={"error": pl.String}
    )
    return frame.select(rejection_reason(**DEFAULTS | limits)).to_series().to_list()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"motion_mean": 0.0}, "still"),
        ({"motion_mean": 0.06}, "still"),
        ({"motion_mean": 0.15}, None),
        ({"motion_mean": 34.0}, None),
        ({"motion_mean": 47.0}, "extreme_motion"),
        ({"duration_seconds": 0.4, "motion_mean": 0.0}, "too_short"),
        ({"duration_seconds": 0.5}, None),
        ({"error": "undecodable", "motion_mean": None, "duration_seconds": None}, "undecodable"),
    ],
)
def test_first_broken_rule(change: dict[str, Any], reason: str | None) -> None:
    assert judged(change) == [reason]


def moving_block(frames: int) -> list[np.ndarray]:
    pictures = []
    for i in range(frames):
        picture = grey(60)
        picture[8:32, i % 40 : i % 40 + 16] = 200
        pictures.append(picture)
    return pictures


def test_a_film_of_a_still_a_movement_and_a_flicker(tmp_path: Path) -> None:
    flicker = [noise(i % 2) for i in range(60)]  # every frame scores as a cut
    pictures = [*[noise(7)] * 40, *moving_block(60), *flicker]
    clips = split(str(write_video(tmp_path / "v.mp4", pictures)))
    reasons = judged(*clips)
    assert reasons[:2] == ["still", None]
    assert set(reasons[2:]) == {"extreme_motion"}
    assert sum(clip["frame_count"] for clip in clips) == 160


def test_stills_of_the_real_world(shared_videos: Path) -> None:
    broken = shared_videos / "broken"
    assert judged(*split(str(broken / "frozen_still_12s.mp4"))) == ["still"]
    assert judged(*split(str(broken / "all_black_10s.mp4"))) == ["still"]
    assert judged(*split(str(broken / "too_short_3s.mp4"))) == [None]
