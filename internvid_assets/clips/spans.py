"""From the looks at a video to its clips: the measurements of the frames between two cuts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Any

from internvid_assets.clips.looking import DARK, Look

if TYPE_CHECKING:
    from internvid_assets.clips.cuts import Seen

FROZEN_MOTION = 0.02
"""Grey levels per frame: less than the compression noise of a re-encoded still image."""


def spans_between(bounds: Sequence[int], looks: Sequence[Look]) -> Iterator[tuple[int, int, Sequence[Look]]]:
    """(start, end, the looks inside) for each pair of bounds, half-open."""
    times = [look.pts for look in looks]
    for start, end in pairwise(bounds):
        yield start, end, looks[bisect_left(times, start) : bisect_left(times, end)]


def with_long_cut(bounds: Sequence[int], times: Sequence[int], longest_ticks: Fraction) -> list[int]:
    """`bounds`, with spans longer than `longest_ticks` divided into parts that are equal to within a frame."""
    cut = [bounds[0]]
    for start, end in pairwise(bounds):
        parts = ceil((end - start) / longest_ticks)
        on_display = (bisect_right(times, start + Fraction(end - start) * part / parts) - 1 for part in range(1, parts))
        cut += [*sorted({times[i] for i in on_display if times[i] > start}), end]
    return cut


def clip_of(start: int, end: int, looks: Sequence[Look], seen: Seen) -> dict[str, Any]:
    """The payload of `clips` for [start, end)."""
    base, origin = seen.time_base, seen.looks[0].pts
    first, after = bisect_left(seen.times, start), bisect_left(seen.times, end)
    return {
        "start_pts": start,
        "end_pts": end,
        "time_base": f"{base.numerator}/{base.denominator}",
        "start_seconds": float((start - origin) * base),
        "end_seconds": float((end - origin) * base),
        "frame_count": after - first,
        **_movement(looks, seen),
        "brightness_mean": sum(look.brightness for look in looks) / len(looks) if looks else None,
        **_uniform_spans(looks, end, base=base, origin_pts=origin),
        "content_box": _content_box(looks),
    }


def _movement(looks: Sequence[Look], seen: Seen) -> dict[str, float]:
    """Change per frame and displacement per second inside the clip; its first look is the cut, not motion.

    A look across skipped frames measures the change over all of them.
    """
    inside = looks[1:]
    if not inside:
        return {"motion_mean": 0.0, "motion_max": 0.0, "flow_mean": 0.0}
    frames = _frames_between(looks, seen)
    seconds = float((looks[-1].pts - looks[0].pts) * seen.time_base)
    # The last digits of the flow vary from run to run, but equal videos must give equal rows.
    return {
        "motion_mean": sum(look.motion for look in inside) / sum(frames),
        "motion_max": max(look.motion / count for look, count in zip(inside, frames, strict=True)),
        "flow_mean": round(sum(look.flow for look in inside) / seconds, 4),
    }


def _frames_between(looks: Sequence[Look], seen: Seen) -> list[int]:
    positions = [bisect_left(seen.times, look.pts) for look in looks]
    return [max(1, after - before) for before, after in pairwise(positions)]


def _uniform_spans(looks: Sequence[Look], end: int, *, base: Fraction, origin_pts: int) -> dict[str, list[float]]:
    """Start and end, in seconds from the video's first frame, of each run of black, white and frozen frames."""
    after = [*(look.pts for look in looks[1:]), end]
    still = [new.motion <= FROZEN_MOTION for new in looks[1:]] + [False]

    def spans(holds: Sequence[bool]) -> list[float]:
        runs: list[list[int]] = []
        for look, until, held in zip(looks, after, holds, strict=True):
            if held and runs and runs[-1][1] == look.pts:
                runs[-1][1] = until
            elif held:
                runs.append([look.pts, until])
        return [float((pts - origin_pts) * base) for run in runs for pts in run]

    return {
        "black_spans_seconds": spans([look.is_black for look in looks]),
        "white_spans_seconds": spans([look.is_white for look in looks]),
        "frozen_spans_seconds": spans(still[: len(looks)]),
    }


def _content_box(looks: Sequence[Look]) -> list[float] | None:
    """Left, top, right, bottom within black bars, as fractions of width and height; None if everything is black."""
    import numpy as np

    seen = [look.brightest for look in looks if look.brightest is not None]
    if not seen:
        return None
    sides = [np.flatnonzero(np.max([each[axis] for each in seen], axis=0) > DARK) for axis in (0, 1)]
    if not all(len(side) for side in sides):
        return None
    sizes = [len(seen[0][axis]) for axis in (0, 1)]
    starts = [float(side[0]) / size for side, size in zip(sides, sizes, strict=True)]
    ends = [float(side[-1] + 1) / size for side, size in zip(sides, sizes, strict=True)]
    return [*starts, *ends]
