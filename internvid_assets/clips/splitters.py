"""Splitters: methods to find the cuts of a video. Ours is the default; PySceneDetect's detectors run unmodified."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Protocol

from internvid_assets.clips.cuts import Opening, Seen, content_cuts, look_at_all
from internvid_assets.clips.spans import clip_of, spans_between, with_long_cut
from internvid_assets.clips.transitions import transition_cuts
from internvid_assets.media.opening import MAX_PIXELS


class Splitter(Protocol):
    """Finds the cuts of a video."""

    def __call__(
        self, source_uri: str, *, threshold: float, min_scene_length_frames: int, opening: Opening
    ) -> tuple[Seen, list[int]]:
        """The analysed frames of the video, and the times of its cuts in ticks. Raises `CallError`."""
        ...


def split(
    source_uri: str,
    *,
    splitter: str = "content",
    threshold: float = 27.0,
    min_scene_length_frames: int = 15,
    weights: str = "",
    max_clip_seconds: float | None = None,
    max_pixels: int = MAX_PIXELS,
    threads: int = 1,
) -> list[dict[str, Any]]:
    """Spans between cuts (InternVid 3.1: PySceneDetect, threshold 27) as the payload of `clips`, in time order.

    Times are in the stream's ticks, half-open, and the last clip ends with the last frame; seconds are relative to the
    first frame. `weights` is the weights file for `transnetv2`. Spans longer than `max_clip_seconds` are divided into
    equal parts.
    Raises `CallError`: the codes of `opened_video`, and `undecodable` if no frame decodes.
    """
    limits = {"threshold": threshold, "min_scene_length_frames": min_scene_length_frames}
    limits |= {"weights": weights} if weights else {}
    seen, cuts = SPLITTERS[splitter](source_uri, **limits, opening={"max_pixels": max_pixels, "threads": threads})
    bounds = [seen.looks[0].pts, *cuts, seen.end_pts]
    if max_clip_seconds is not None:
        bounds = with_long_cut(bounds, seen.times, Fraction(max_clip_seconds) / seen.time_base)
    return [clip_of(start, end, looks, seen) for start, end, looks in spans_between(bounds, seen.looks)]


class PySceneDetect:
    """One of PySceneDetect's own detectors, given every frame as its SceneManager would."""

    def __init__(self, detector: str, *, threshold_name: str = "threshold") -> None:
        self.detector, self.threshold_name = detector, threshold_name

    def __call__(
        self, source_uri: str, *, threshold: float, min_scene_length_frames: int, opening: Opening
    ) -> tuple[Seen, list[int]]:
        import scenedetect

        limits = {self.threshold_name: threshold, "min_scene_len": min_scene_length_frames}
        detector, cuts = getattr(scenedetect, self.detector)(**limits), []
        seen = look_at_all(
            source_uri, opening=opening, watch=lambda time, small: cuts.extend(detector.process_frame(time, small))
        )
        cuts += detector.post_process(seen.timecode(seen.times[-1]))
        return seen, sorted({_nearest(seen, cut.seconds) for cut in cuts} - {seen.times[0]})


def _nearest(seen: Seen, seconds: float) -> int:
    """The time of the frame at `seconds`: some detectors count frames, others keep ticks."""
    ticks = seen.times[0] + seconds / seen.time_base
    after = bisect_left(seen.times, ticks)
    return min(seen.times[max(0, after - 1) : after + 1], key=lambda pts: abs(pts - ticks))


SPLITTERS: dict[str, Splitter | Callable[..., tuple[Seen, list[int]]]] = {
    "content": content_cuts,
    "pyscenedetect_content": PySceneDetect("ContentDetector"),
    "pyscenedetect_adaptive": PySceneDetect("AdaptiveDetector", threshold_name="adaptive_threshold"),
    "pyscenedetect_hash": PySceneDetect("HashDetector"),
    "pyscenedetect_histogram": PySceneDetect("HistogramDetector"),
    "pyscenedetect_threshold": PySceneDetect("ThresholdDetector"),
    "transnetv2": transition_cuts,
}
"""The splitters by their name in the setting `clips.splitter`."""
