"""Frame sampling, as in the released code."""

from __future__ import annotations

import numpy as np


def interval_bounds(length: int, frames: int) -> np.ndarray:
    """Bounds of min(frames, length) equal intervals of [0, length): int [intervals + 1]."""
    return np.linspace(0, length, min(frames, length) + 1).astype(int)


def middle_frames(length: int, frames: int) -> list[int]:
    """For evaluation: the middle frame of each interval; for a shorter clip, the last one is repeated."""
    bounds = interval_bounds(length, frames)
    return _padded((bounds[:-1] + bounds[1:] - 1) // 2, frames)


def random_frames(length: int, frames: int, rng: np.random.Generator) -> list[int]:
    """For training: a random frame of each interval but its last; any frames in order if an interval has only one."""
    bounds = interval_bounds(length, frames)
    if np.diff(bounds).min() == 1:
        return _padded(np.sort(rng.permutation(length)[:frames]), frames)
    return _padded(rng.integers(bounds[:-1], bounds[1:] - 1), frames)


def _padded(chosen: np.ndarray, frames: int) -> list[int]:
    return [int(index) for index in chosen] + [int(chosen[-1])] * (frames - len(chosen))
