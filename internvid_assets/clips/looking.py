"""Analysis of a video's downscaled frames: the difference from the previously analysed frame, and the brightness."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from av.video.frame import VideoFrame

DARK, BRIGHT = 32, 223
"""The largest grey level of a black pixel, and the smallest of a white one."""
UNIFORM_SHARE = 0.98
"""The smallest share of such pixels in a black or white frame, as in ffmpeg's blackdetect."""
FLOW_LONG_SIDE_PIXELS = 128
BARS_PER_SECOND = 4
"""Letterbox bars rarely change, and searching for them in every frame would take longer than everything else."""


class Look(NamedTuple):
    """Measurements of one frame, and its difference from the previously analysed one (zeros for the first)."""

    pts: int
    score: float
    """Mean change of hue, saturation and value, 0 to 255: PySceneDetect's `content_val`."""
    motion: float
    """Mean change of grey levels, 0 to 255."""
    flow: float
    """Mean displacement in percent of the longer side, by dense optical flow."""
    brightness: float
    """Mean grey level, 0 to 255."""
    is_black: bool
    is_white: bool
    brightest: tuple[np.ndarray, np.ndarray] | None
    """The largest grey level of each column and of each row; None if the frame was not searched for bars."""


class Looker:
    """Analyses frames in display order."""

    def __init__(self) -> None:
        import cv2

        self._shrink = Shrink()
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._next_bars: int | None = None
        self._last: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def __call__(self, pts: int, frame: VideoFrame, time_base: Fraction) -> Look:
        import cv2

        self.small = small = self._shrink(frame)
        hsv, grey = cv2.cvtColor(small, cv2.COLOR_BGR2HSV), cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
        tiny = _tiny(grey)
        last, self._last = self._last, (hsv, grey, tiny)
        score, motion, flow = (0.0, 0.0, 0.0) if last is None else self._change(self._last, last)
        brightness = cv2.mean(grey)[0]
        bars = self._brightest(pts, grey, time_base)
        return Look(pts, score, motion, flow, brightness, *_uniform(grey, brightness), bars)

    def _change(
        self, new: tuple[np.ndarray, np.ndarray, np.ndarray], old: tuple[np.ndarray, np.ndarray, np.ndarray]
    ) -> tuple[float, float, float]:
        import cv2

        # One sum over the three planes equals the mean of ContentDetector's three means and is several times faster.
        score = cv2.norm(new[0], old[0], cv2.NORM_L1) / new[0].size
        motion = cv2.norm(new[1], old[1], cv2.NORM_L1) / new[1].size
        return score, motion, self._displacement(new[2], old[2]) if motion else 0.0

    def _displacement(self, new: np.ndarray, old: np.ndarray) -> float:
        import cv2

        if min(new.shape) < FLOW_LONG_SIDE_PIXELS // 8:  # smaller than the patches of the flow
            return 0.0
        moved = self._flow.calc(old, new, None)  # type: ignore[call-overload]
        return 100 * cv2.mean(cv2.magnitude(moved[..., 0], moved[..., 1]))[0] / max(new.shape)

    def _brightest(self, pts: int, grey: np.ndarray, time_base: Fraction) -> tuple[np.ndarray, np.ndarray] | None:
        if self._next_bars is not None and pts < self._next_bars:
            return None
        self._next_bars = pts + int(1 / (BARS_PER_SECOND * time_base))
        return grey.max(axis=0), grey.max(axis=1)


class Shrink:
    """Downscales frames to BGR arrays (H, W, 3) with a longer side of 256 pixels, as PySceneDetect's SceneManager does.

    A single pass of a cached scaler from the decoder's planes. Its two-tap filter reads the same pixels as
    SceneManager's cv2.INTER_LINEAR, without creating a full-size image first.
    """

    def __init__(self) -> None:
        from av.video.reformatter import VideoReformatter

        self._scaler = VideoReformatter()
        self._size: tuple[int, int] | None = None

    def __call__(self, frame: VideoFrame) -> np.ndarray:
        self._size = self._size or _small_size(frame.width, frame.height)  # later sizes are scaled to the first
        return self._scaler.reformat(frame, *self._size, "bgr24", interpolation="FAST_BILINEAR").to_ndarray()


def _small_size(width: int, height: int) -> tuple[int, int]:
    from scenedetect.scene_manager import compute_downscale_factor

    factor = compute_downscale_factor(max(width, height))
    return max(1, round(width / factor)), max(1, round(height / factor))


def _tiny(grey: np.ndarray) -> np.ndarray:
    import cv2

    height, width = grey.shape
    factor = FLOW_LONG_SIDE_PIXELS / max(width, height)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if factor < 1 else grey


def _uniform(grey: np.ndarray, brightness: float) -> tuple[bool, bool]:
    """(black, white). For most frames the mean alone rules out both, so their pixels need not be counted."""
    may_be_black = brightness <= UNIFORM_SHARE * DARK + (1 - UNIFORM_SHARE) * 255 + 1
    may_be_white = brightness >= UNIFORM_SHARE * BRIGHT - 1
    return may_be_black and _is_filled(grey, 0, DARK), may_be_white and _is_filled(grey, BRIGHT, 255)


def _is_filled(grey: np.ndarray, low: int, high: int) -> bool:
    """Whether nearly all grey levels are in [low, high]."""
    import cv2

    return cv2.countNonZero(cv2.inRange(grey, low, high)) >= UNIFORM_SHARE * grey.size  # type: ignore[call-overload]
