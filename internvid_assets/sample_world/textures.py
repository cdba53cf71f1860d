"""Background textures of the sample world: patterns of two shades of a colour, at any resolution."""

from __future__ import annotations

import numpy as np

BACKGROUNDS = ("plain", "shaded", "striped", "checkered", "dotted", "noisy")


def texture_weight(texture: str, rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Fraction of the second colour per pixel, float32 [height, width] in 0..1."""
    x = (np.arange(width, dtype=np.float32) + 0.5)[None, :] / height
    y = (np.arange(height, dtype=np.float32) + 0.5)[:, None] / height
    cell = float(rng.uniform(0.16, 0.24))
    match texture:
        case "plain":
            weight = np.zeros((1, 1), np.float32)
        case "shaded":
            weight = y if rng.random() < 0.5 else 1 - y
        case "striped":
            along = x if rng.random() < 0.5 else y
            weight = along / cell % 1 < 0.5
        case "checkered":
            weight = (np.floor(x / cell) + np.floor(y / cell)) % 2
        case "dotted":
            weight = np.hypot(x / cell % 1 - 0.5, y / cell % 1 - 0.5) < 0.25
        case "noisy":
            return _noise(rng, width, height)
        case _:
            raise ValueError(f"texture={texture!r}: expected one of {', '.join(BACKGROUNDS)}")
    return np.broadcast_to(np.asarray(weight, np.float32), (height, width))


def _noise(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Grains of 1/90 of the height: the same at every resolution, and cheap to encode."""
    rows, columns = 90, round(90 * width / height)
    grains = rng.random((rows, columns), dtype=np.float32)
    return grains[np.arange(height) * rows // height][:, np.arange(width) * columns // width]
