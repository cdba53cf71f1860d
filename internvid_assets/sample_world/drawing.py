"""Renders a scene at a point in time, and rates its aesthetics."""

from __future__ import annotations

import functools
import math

import numpy as np

from internvid_assets.sample_world.scenes import BACKGROUND_COLOURS, COLOURS, FLICKER_ACTION, Scene, pose
from internvid_assets.sample_world.shapes import outlines
from internvid_assets.sample_world.textures import texture_weight

_SMOOTHNESS = {
    "plain": 0.9,
    "shaded": 1.0,
    "striped": 0.5,
    "dotted": 0.55,
    "checkered": 0.3,
    "noisy": 0.0,
}


def aesthetic(scene: Scene, t_seconds: float | None = None) -> float:
    """Ground-truth score, 0 to 10: calm background, strong contrast, large central object (default: mid-scene)."""
    p = pose(scene, scene.duration_seconds / 2 if t_seconds is None else t_seconds)
    if scene.action == FLICKER_ACTION:
        return 0.0
    calm = 4.0 * _SMOOTHNESS[scene.texture]
    if not p.is_visible:
        return calm
    contrast = np.subtract(COLOURS[scene.colour], BACKGROUND_COLOURS[scene.background])
    strength = min(1.0, float(np.linalg.norm(contrast)) / 330)
    central = max(0.0, 1 - math.hypot(p.x - 0.5, p.y - 0.5) / 0.5)
    return calm + 2.5 * strength + 1.75 * min(1.0, p.radius / 0.3) + 1.75 * central


def draw(scene: Scene, t_seconds: float, width: int, height: int, *, out: np.ndarray | None = None) -> np.ndarray:
    """The frame at that time, uint8 RGB [height, width, 3]; written to `out` if given, since allocation dominates."""
    import cv2

    picture = np.empty((height, width, 3), np.uint8) if out is None else out
    np.copyto(picture, background(scene, width, height))
    p = pose(scene, t_seconds)
    if p.is_visible:
        turn = math.radians(p.turn_degrees)
        rotated = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) * p.radius * height
        placed = [outline @ rotated + (p.x * width, p.y * height) for outline in outlines(scene.object)]
        fixed_point = [np.round(outline * 256).astype(np.int32) for outline in placed]
        cv2.fillPoly(picture, fixed_point, COLOURS[scene.colour], cv2.LINE_AA, 8)
    if scene.action == FLICKER_ACTION:
        _flicker(picture, scene, t_seconds)
    return picture


def _flicker(picture: np.ndarray, scene: Scene, t_seconds: float) -> None:
    """Darken half of the frame's blocks in place, different ones in each frame (up to 60 fps)."""
    import cv2

    rng = np.random.default_rng((scene.seed, round(t_seconds * 60)))
    blocks = (rng.random((9, 16)) < 0.5).astype(np.uint8)
    mask = cv2.resize(blocks, picture.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    cv2.copyTo(cv2.convertScaleAbs(picture, alpha=0.55), mask, picture)


@functools.lru_cache(maxsize=8)
def _background(texture: str, colour: str, seed: int, width: int, height: int) -> np.ndarray:
    base = np.array(BACKGROUND_COLOURS[colour], np.float32)
    second = base * 0.72 if base.mean() > 90 else base + (255 - base) * 0.28
    weight = texture_weight(texture, np.random.default_rng(seed), width, height)[:, :, None]
    picture = np.round(base + weight * (second - base)).astype(np.uint8)
    picture.setflags(write=False)
    return picture


def background(scene: Scene, width: int, height: int) -> np.ndarray:
    """The scene without its object, uint8 RGB, read-only and cached."""
    return _background(scene.texture, scene.background, scene.seed, width, height)
