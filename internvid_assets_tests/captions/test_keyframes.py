"""Keyframes: those of ShareGPT4Video's own code where it ran, and what the paper says in its place."""

from __future__ import annotations

import json
from itertools import chain, repeat
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from internvid_assets.captions.keyframes import keyframe_positions, plain_opening

PLAIN = np.full((4, 4, 3), (0, 90, 200), np.uint8)
BUSY = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


def by_the_code(case: dict[str, Any]) -> tuple[list[str], int]:
    """The files that the released script would write for a case, and how often it would compare two frames."""
    rate = int(case["fps"])
    every, most = ceil(rate * case["keyframe_interval"]), case["longest_duration"] * rate + 1
    places = list(chain.from_iterable(repeat(*run) for run in case["scene_coordinate_runs"]))[:most]
    frames = places[plain_opening((PLAIN if place is None else BUSY for place in places), every) :]
    asked = []

    def similarity(latest: int, position: int) -> float:
        asked.append(position)
        return 1 - abs(frames[latest] - frames[position])

    found = keyframe_positions(
        len(frames), similarity, every=every, threshold=case["window_threshold"], last_frame="code"
    )
    return [f"frame_{position / rate:.2f}.png" for position in found], len(asked)


def test_the_code_rule_is_the_released_scripts(golden: Path):
    """All but its two videos of at most ten seconds, which it does not look at: `videos` judges a video's length."""
    cases = json.loads((golden / "sharegpt4video_keyframes.json").read_text())["cases"]
    looked_at = [case for case in cases if case["n_frames"] / case["fps"] > case["shortest_duration"]]
    assert len(cases) == len(looked_at) + 2 == 12
    for case in looked_at:
        assert by_the_code(case) == (case["saved_names"], case["n_similarity_calls"]), case["name"]


def found(places: list[float], last_frame: str, every: int = 2) -> list[int]:
    similarity = lambda a, b: 1 - abs(places[a] - places[b])  # noqa: E731
    return keyframe_positions(len(places), similarity, every=every, threshold=0.93, last_frame=last_frame)


LAST = [
    ([0, 0, 0, 0, 0.5, 0.5], [0, 4, 5], [0, 4]),
    ([0, 0, 0, 0, 0.5, 0.5, 0.5], [0, 4, 6], [0, 4, 6]),
    ([0, 0, 0.5], [0, 2], [0, 2]),
    ([0, 0], [0, 1], [0, 1]),
    ([0], [0], [0]),
    ([], [], []),
]


@pytest.mark.parametrize(("places", "paper", "code"), LAST)
def test_the_last_frame_by_either_rule(places, paper, code):
    assert found(places, "paper") == paper
    assert found(places, "code") == code


def test_frames_are_compared_with_the_latest_keyframe_and_not_with_the_frame_before():
    drift = [0.03 * i for i in range(9)]
    assert found(drift, "code", every=1) == [0, 3, 6, 8]


def test_a_plain_opening_is_left_out_for_one_interval_at_most():
    assert plain_opening([BUSY, PLAIN], 2) == 0
    assert plain_opening([PLAIN, BUSY], 2) == 1
    assert plain_opening([PLAIN] * 9, 2) == 2
    assert plain_opening([], 2) == 0
