"""Cuts of a video: PySceneDetect's ContentDetector over one decode that also measures motion and exact times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from internvid_assets.cells.errors import CallError
from internvid_assets.media.decode import Decoder, decoded
from internvid_assets.media.opening import MAX_PIXELS, nominal_rate_fps, opened_video, time_base

if TYPE_CHECKING:
    import numpy as np
    from av.video.frame import VideoFrame
    from scenedetect import ContentDetector


class Change(NamedTuple):
    """How far one frame is from the one before it."""

    pts: int
    motion: float
    """Mean absolute difference of the small grey pictures, 0 to 255."""


def split(
    source_uri: str,
    *,
    threshold: float = 27.0,
    min_scene_length_frames: int = 15,
    max_pixels: int = MAX_PIXELS,
    threads: int = 1,
) -> list[dict[str, Any]]:
    """Spans between cuts (InternVid 3.1: PySceneDetect, threshold 27) as the payload of `clips`, in time order.

    The minimum length counts frames at the nominal rate, as PySceneDetect does. Times are the stream's own ticks,
    half open, the last clip ending with its last frame; seconds count from the first frame.
    Raises `CallError`: the codes of `opened_video`, and `undecodable` where no frame decodes.
    """
    with opened_video(source_uri, max_pixels=max_pixels, threads=threads) as (container, stream):
        decoder, base = Decoder(stream), time_base(stream)
        detector = _Cuts(threshold, min_scene_length_frames, time_base=base, rate_fps=nominal_rate_fps(stream))
        changes = [detector.add(pts, frame) for pts, frame in decoded(container, stream, decoder=decoder)]
        if not changes:
            message = f"no frame of {source_uri!r} decodes ({decoder.skipped_packets} damaged packets)"
            raise CallError("undecodable", message)
        bounds = [changes[0].pts, *detector.cuts, decoder.end_pts]
    return [_clip(span, time_base=base, origin_pts=bounds[0]) for span in _spans(changes, bounds)]


def _spans(changes: Sequence[Change], bounds: Sequence[int]) -> Iterator[tuple[int, int, list[Change]]]:
    """(start, end, the frames inside) for each pair of bounds."""
    position = 0
    for start, end in pairwise(bounds):
        first = position
        while position < len(changes) and changes[position].pts < end:
            position += 1
        yield start, end, list(changes[first:position])


def _clip(span: tuple[int, int, list[Change]], *, time_base: Fraction, origin_pts: int) -> dict[str, Any]:
    start, end, frames = span
    # The first frame's change is the cut itself, not motion inside the clip.
    motion = [frame.motion for frame in frames[1:]] or [0.0]
    return {
        "start_pts": start,
        "end_pts": end,
        "time_base": f"{time_base.numerator}/{time_base.denominator}",
        "start_seconds": float((start - origin_pts) * time_base),
        "end_seconds": float((end - origin_pts) * time_base),
        "duration_seconds": float((end - start) * time_base),
        "frame_count": len(frames),
        "motion_mean": sum(motion) / len(motion),
        "motion_max": max(motion),
    }


class _Cuts:
    """Feeds frames to PySceneDetect's detector, small as its SceneManager makes them."""

    def __init__(
        self, threshold: float, min_scene_length_frames: int, *, time_base: Fraction, rate_fps: Fraction
    ) -> None:
        self._detector = _fast_content_detector(threshold, min_scene_length_frames)
        self._shrink = _Shrink()
        self._base, self._rate = time_base, rate_fps
        self._origin: int | None = None
        self._grey: np.ndarray | None = None
        self.cuts: list[int] = []

    def add(self, pts: int, frame: VideoFrame) -> Change:
        from scenedetect.common import FrameTimecode, Timecode

        self._origin = pts if self._origin is None else self._origin
        small = self._shrink(frame)
        timecode = FrameTimecode(Timecode(pts - self._origin, self._base), fps=self._rate)
        self.cuts += [self._origin + cut.pts for cut in self._detector.process_frame(timecode, small)]
        return Change(pts, self._motion(small))

    def _motion(self, small: np.ndarray) -> float:
        import cv2

        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
        last, self._grey = self._grey, grey
        return 0.0 if last is None else cv2.norm(grey, last, cv2.NORM_L1) / grey.size


class _Shrink:
    """Frames as small BGR arrays (H, W, 3), the long side 256 pixels: SceneManager's size.

    One pass of one cached scaler from the decoder's planes. Its two-tap filter looks at the same pixels as the
    cv2.INTER_LINEAR of SceneManager, without making a full-size picture first.
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


def _fast_content_detector(threshold: float, min_scene_length_frames: int) -> ContentDetector:
    """PySceneDetect's own detector, its score summed by cv2.norm: the same number, several times faster."""
    import cv2
    from scenedetect import ContentDetector

    class FastContentDetector(ContentDetector):
        _last: tuple[np.ndarray, ...] | None = None

        def _calculate_frame_score(self, timecode: object, frame_img: np.ndarray) -> float:
            planes = cv2.split(cv2.cvtColor(frame_img, cv2.COLOR_BGR2HSV))
            last, self._last = self._last, tuple(planes)
            if last is None:
                return 0.0
            sums = [cv2.norm(new, old, cv2.NORM_L1) for new, old in zip(planes, last, strict=True)]
            return sum(sums) / planes[0].size / len(sums)

    return FastContentDetector(threshold=threshold, min_scene_len=min_scene_length_frames)
