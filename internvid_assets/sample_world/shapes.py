"""Shapes of the sample world's objects, as outlines in a unit circle."""

from __future__ import annotations

import functools
import math

import numpy as np

OBJECTS = ("ball", "ring", "square", "triangle", "star", "heart", "cross", "moon")


@functools.cache
def outlines(shape: str) -> tuple[np.ndarray, ...]:
    """Closed outlines of an object in a unit circle, y down, filled by the even-odd rule: float64 [points, 2] each."""
    around = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    circle = np.stack([np.cos(around), np.sin(around)], axis=1)
    match shape:
        case "ball":
            return (circle,)
        case "ring":
            return (circle, circle * 0.55)
        case "square":
            return (np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * 0.82,)
        case "triangle":
            return (_star_points(3, inner=0.5) + np.array([0, 0.12]),)
        case "star":
            return (_star_points(5, inner=0.42),)
        case "cross":
            arm = [
                [-1, -3],
                [1, -3],
                [1, -1],
                [3, -1],
                [3, 1],
                [1, 1],
                [1, 3],
                [-1, 3],
                [-1, 1],
                [-3, 1],
                [-3, -1],
                [-1, -1],
            ]
            return (np.array(arm) * 0.32,)
        case "heart":
            wide = 16 * np.sin(around) ** 3
            tall = 13 * np.cos(around) - 5 * np.cos(2 * around) - 2 * np.cos(3 * around) - np.cos(4 * around)
            return (np.stack([wide, -tall - 2], axis=1) / 16.5,)
        case "moon":
            return (_crescent(),)
    raise ValueError(f"object={shape!r}: expected one of {', '.join(OBJECTS)}")


def _star_points(tips: int, *, inner: float) -> np.ndarray:
    around = np.pi * np.arange(2 * tips) / tips - np.pi / 2
    reach = np.where(np.arange(2 * tips) % 2 == 0, 1.0, inner)
    return np.stack([np.cos(around), np.sin(around)], axis=1) * reach[:, None]


def _crescent() -> np.ndarray:
    """The part of a unit disc outside a disc moved to the right: horns at +-50 degrees."""
    horn = math.radians(50)
    outer = np.linspace(horn, 2 * np.pi - horn, 48)
    shift = 0.55
    bite = math.hypot(math.cos(horn) - shift, math.sin(horn))
    back = math.atan2(math.sin(horn), math.cos(horn) - shift)
    inner = np.linspace(2 * np.pi - back, back, 48)
    return np.concatenate(
        [
            np.stack([np.cos(outer), np.sin(outer)], axis=1),
            np.stack([shift + bite * np.cos(inner), bite * np.sin(inner)], axis=1),
        ]
    )
