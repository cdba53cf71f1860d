"""The sound of a sample video: one tone per action, so that audio and video agree."""

from __future__ import annotations

import numpy as np

from internvid_assets.sample_world.plans import Shot, VideoPlan
from internvid_assets.sample_world.scenes import ACTIONS, FLICKER_ACTION, STILL_ACTION

SAMPLE_RATE = 16_000
LOWEST_TONE_HERTZ = 220.0


def tone_hertz(action: str) -> float:
    """A whole tone per action, from 220 Hz up."""
    place = (*ACTIONS, STILL_ACTION, FLICKER_ACTION).index(action)
    return LOWEST_TONE_HERTZ * 2 ** (place / 6)


def soundtrack(plan: VideoPlan) -> np.ndarray:
    """The whole video's sound, int16 [samples], one channel at SAMPLE_RATE."""
    return np.concatenate([_sound(plan, shot) for shot in plan.shots])


def _sound(plan: VideoPlan, shot: Shot) -> np.ndarray:
    first, end = (round(plan.seconds(frame) * SAMPLE_RATE) for frame in (shot.start_frame, shot.end_frame))
    t = np.arange(end - first) / SAMPLE_RATE
    swell = np.minimum(1.0, np.minimum(t, t[::-1]) / 0.05)
    return (8000 * swell * np.sin(2 * np.pi * tone_hertz(shot.scene.action) * t)).astype(np.int16)
