"""The sampling rule: n equal intervals, the middle of each, exact."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from internvid_assets.media.sampling import MAX_SECONDS, clip_frame_plan, uniform_times

MILLISECONDS = Fraction(1, 1000)
spans = st.tuples(st.integers(-(10**9), 10**9), st.integers(1, 10**8)).map(lambda s: (s[0], s[0] + s[1]))
bases = st.sampled_from([MILLISECONDS, Fraction(1, 90_000), Fraction(1001, 30_000), Fraction(1)])


@pytest.mark.parametrize(
    ("start", "end", "n", "times"),
    [
        (0, 8, 4, [1, 3, 5, 7]),
        (0, 8, 1, [4]),
        (10, 11, 2, [Fraction(41, 4), Fraction(43, 4)]),
        (-4, 4, 2, [-2, 2]),
    ],
)
def test_uniform_times(start: int, end: int, n: int, times: list) -> None:
    assert uniform_times(start, end, n) == times


@pytest.mark.parametrize(("start", "end", "n"), [(0, 8, 0), (8, 8, 1), (9, 8, 1)])
def test_refuses_what_has_no_middle(start: int, end: int, n: int) -> None:
    with pytest.raises(ValueError, match="need n >= 1 and start < end"):
        uniform_times(start, end, n)


@given(spans, st.integers(1, 200))
def test_middles_are_inside_ordered_and_symmetric(span: tuple[int, int], n: int) -> None:
    times = uniform_times(*span, n)
    assert len(times) == n
    assert all(span[0] < time < span[1] for time in times)
    assert len({b - a for a, b in pairwise(times)}) <= 1
    assert times[0] - span[0] == span[1] - times[-1]


@given(spans, st.integers(1, 50), st.integers(-(10**6), 10**6))
def test_moving_the_clip_moves_its_times(span: tuple[int, int], n: int, by: int) -> None:
    moved = uniform_times(span[0] + by, span[1] + by, n)
    assert moved == [time + by for time in uniform_times(*span, n)]


def test_plan_of_two_seconds() -> None:
    plan = clip_frame_plan(1000, 3000, MILLISECONDS)
    assert [(int(f.time_pts), f.is_center, f.second, f.uniform_4, f.uniform_8) for f in plan] == [
        (1125, False, None, None, 0),
        (1250, False, None, 0, None),
        (1375, False, None, None, 1),
        (1500, False, 0, None, None),
        (1625, False, None, None, 2),
        (1750, False, None, 1, None),
        (1875, False, None, None, 3),
        (2000, True, None, None, None),
        (2125, False, None, None, 4),
        (2250, False, None, 2, None),
        (2375, False, None, None, 5),
        (2500, False, 1, None, None),
        (2625, False, None, None, 6),
        (2750, False, None, 3, None),
        (2875, False, None, None, 7),
    ]


@pytest.mark.parametrize(("milliseconds", "seconds"), [(40, 1), (1499, 1), (1500, 2), (2500, 3), (60_400, 60)])
def test_one_frame_per_rounded_second(milliseconds: int, seconds: int) -> None:
    plan = clip_frame_plan(0, milliseconds, MILLISECONDS)
    assert sorted(f.second for f in plan if f.second is not None) == list(range(seconds))


def test_a_clip_of_a_million_years_is_sampled_in_bounded_time() -> None:
    plan = clip_frame_plan(0, 2**62, MILLISECONDS)
    assert sum(frame.second is not None for frame in plan) == MAX_SECONDS


@given(spans, bases)
def test_every_role_is_complete_and_in_time_order(span: tuple[int, int], base: Fraction) -> None:
    if (span[1] - span[0]) * base > 2000:
        span = (span[0], span[0] + int(2000 / base))
    plan = clip_frame_plan(*span, base)
    assert [f.time_pts for f in plan] == sorted({f.time_pts for f in plan})
    assert [f.uniform_4 for f in plan if f.uniform_4 is not None] == [0, 1, 2, 3]
    assert [f.uniform_8 for f in plan if f.uniform_8 is not None] == list(range(8))
    assert [2 * f.time_pts for f in plan if f.is_center] == [sum(span)]


def test_uniform_frames_are_the_papers_to_within_one_frame(golden: Path):
    """Their code rounds the ends of its intervals to whole frames before it takes the middles: ours stay exact."""
    told = json.loads((golden / "frame_sampling.json").read_text())["rows"]
    cases = [case for case in told if case["sample"] == "middle" and case["vlen"] >= case["num_frames"]]
    assert len(cases) == 59
    for case in cases:
        ours = [int(time) for time in uniform_times(0, case["vlen"], case["num_frames"])]
        assert max(abs(a - b) for a, b in zip(ours, case["indices"], strict=True)) <= 1


def test_frames_at_1_fps_are_the_papers(golden: Path):
    told = json.loads((golden / "frame_sampling.json").read_text())["rows"]
    (case,) = [case for case in told if case["sample"] == "fps1" and case["vlen"] == 300]
    plan = clip_frame_plan(0, case["vlen"], Fraction(1, case["input_fps"]))
    assert [int(frame.time_pts) for frame in plan if frame.second is not None] == case["indices"]
