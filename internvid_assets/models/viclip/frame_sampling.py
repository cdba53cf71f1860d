"""Which frames of a clip are looked at, as the released code chooses them."""

from __future__ import annotations

import numpy as np


def interval_bounds(length: int, frames: int) -> np.ndarray:
    """Bounds of as many equal intervals of [0, length) as there can be, at most `frames`: int [intervals + 1]."""
    return np.linspace(0, length, min(frames, length) + 1).astype(int)


def middle_frames(length: int, frames: int) -> list[int]:
    """For evaluation: the middle of each interval, of its bounds without the last; a short clip's last one repeats."""
    bounds = interval_bounds(length, frames)
    return _padded((bounds[:-1] + bounds[1:] - 1) // 2, frames)


def random_frames(length: int, frames: int, rng: np.random.Generator) -> list[int]:
    """For training: one of each interval without its last; any frames, in order, where an interval has but one."""
    bounds = interval_bounds(length, frames)
    if np.diff(bounds).min() == 1:
        return _padded(np.sort(rng.permutation(length)[:frames]), frames)
    return _padded(rng.integers(bounds[:-1], bounds[1:] - 1), frames)


def _padded(chosen: np.ndarray, frames: int) -> list[int]:
    return [int(index) for index in chosen] + [int(chosen[-1])] * (frames - len(chosen))
