"""The sampling rule: the midpoints of n equal intervals, in exact arithmetic, so that all readers agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

MAX_SECONDS = 86_400
"""A clip longer than a day, which only a damaged header can cause, is sampled as often as one of a day."""


def uniform_times(start: int | Fraction, end: int | Fraction, n: int) -> list[Fraction]:
    """The midpoints of `n` equal intervals of [start, end), in time order and in the same unit."""
    if n < 1 or end <= start:
        raise ValueError(f"need n >= 1 and start < end, got n={n} of [{start}, {end})")
    step = Fraction(end - start) / n
    return [start + step * (2 * i + 1) / 2 for i in range(n)]


@dataclass(frozen=True)
class PlannedFrame:
    """One moment of a clip, and the roles of its frame (None: does not have the role)."""

    time_pts: Fraction
    """In ticks; the frame is the one displayed at this time."""
    is_center: bool = False
    second: int | None = None
    uniform_4: int | None = None
    uniform_8: int | None = None


FramePlan: TypeAlias = Callable[[int, int, Fraction], list[PlannedFrame]]
"""From start and end of a clip in ticks, half-open, and the time base to its moments, in time order."""


def clip_frame_plan(start_pts: int, end_pts: int, time_base: Fraction) -> list[PlannedFrame]:
    """The centre, 1 fps, 4 and 8 uniform frames of [start_pts, end_pts), one entry per moment, in time order.

    1 fps means max(1, round(duration in seconds)) intervals of about one second (halves round up), at most
    `MAX_SECONDS` of them.
    """
    seconds = min(max(1, int((end_pts - start_pts) * time_base + Fraction(1, 2))), MAX_SECONDS)
    roles: dict[Fraction, dict[str, int | bool]] = {}
    for role, n in (("second", seconds), ("uniform_4", 4), ("uniform_8", 8)):
        for position, time in enumerate(uniform_times(start_pts, end_pts, n)):
            roles.setdefault(time, {})[role] = position
    roles.setdefault(uniform_times(start_pts, end_pts, 1)[0], {})["is_center"] = True
    return [PlannedFrame(time, **roles[time]) for time in sorted(roles)]  # type: ignore[arg-type]


def end_frame_plan(start_pts: int, end_pts: int, time_base: Fraction) -> list[PlannedFrame]:
    """A twentieth after the start and before the end of [start_pts, end_pts), where Panda-70M compares clips."""
    first, *_, last = uniform_times(start_pts, end_pts, 10)
    return [PlannedFrame(first), PlannedFrame(last)]
