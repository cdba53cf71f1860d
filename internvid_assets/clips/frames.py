"""Sampled frames of clips: one decoding pass per video, limited to what the planned moments need."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, Any

from internvid_assets.cells.errors import CallError
from internvid_assets.media.decode import Decoder, UprightPictures, packets
from internvid_assets.media.frames import hash_of
from internvid_assets.media.needed import Mark, needed_frames, shown_times
from internvid_assets.media.opening import MAX_PIXELS, opened_video, time_base
from internvid_assets.media.sampling import FramePlan, PlannedFrame, clip_frame_plan

if TYPE_CHECKING:
    import numpy as np
    from av.video.frame import VideoFrame

    from internvid_assets.settings import Settings

ROLES = ("second", "uniform_4", "uniform_8")


def frame_options(settings: Settings) -> dict[str, Any]:
    """The settings for sampled frames, as keyword arguments of `sample_frames`."""
    return {**settings.clip_frames.of_recipe(), "max_pixels": settings.videos.max_pixels}


def sample_frames(
    source_uri: str,
    spans: Sequence[tuple[int, int]],
    *,
    short_side_pixels: int = 256,
    jpeg_quality: int = 90,
    max_pixels: int = MAX_PIXELS,
    threads: int = 1,
    plan: FramePlan = clip_frame_plan,
) -> list[list[dict[str, Any]] | CallError]:
    """For each half-open span in ticks, its frames in time order as the payload of `clip_frames`, plus `jpeg` bytes.

    Each moment of `plan` gets the frame displayed at that time inside the span; moments with the same frame share a
    row, which has the first index of each role (a clip of two frames has fewer than 4 `uniform_4`). Images are upright
    and never enlarged. A span without a decodable frame yields a `CallError` (`no_frame_in_span`) instead.
    Raises `CallError`: the codes of `opened_video`.
    """
    with opened_video(source_uri, max_pixels=max_pixels) as (container, stream):
        marks = [Mark.of(packet) for packet in packets(container, stream) if packet.size]
        base = time_base(stream)
    moments = _moments(spans, base, plan)
    wanted = _wanted_pts(marks, moments)

    def taken(wanted: set[int | None], moments: Sequence[_Moment]) -> tuple[dict[int, dict[int, dict[str, Any]]], int]:
        """The rows of the frames at the moments, by span and time, and the time of the first frame."""
        found: dict[int, dict[int, dict[str, Any]]] = {}
        with opened_video(source_uri, max_pixels=max_pixels, threads=threads) as (container, stream):
            pictures, decoder = UprightPictures(stream, short_side_pixels=short_side_pixels), Decoder(stream)
            for moment, pts, frame in _shown(needed_frames(decoder, container, marks, wanted), moments):
                rows = found.setdefault(moment.span, {})
                if pts not in rows:
                    rows[pts] = _row(pts, _jpeg(pictures(frame), quality=jpeg_quality))
                _add_roles(rows[pts], moment.plan)
        return found, decoder.first_pts or 0

    found, origin = taken(wanted, moments)
    missed = [moment for moment in moments if moment.span not in found]
    if missed and None not in wanted:
        # After a damaged timestamp, display times differ from packet times: only decoding all frames gives them.
        found |= taken({None}, missed)[0]
    return [_finished(found.get(i, {}), span, base=base, origin_pts=origin) for i, span in enumerate(spans)]


@dataclass(frozen=True)
class _Moment:
    """A planned time and its span."""

    start_pts: int
    end_pts: int
    span: int
    plan: PlannedFrame


def _moments(spans: Sequence[tuple[int, int]], base: Fraction, plan: FramePlan) -> list[_Moment]:
    moments = [
        _Moment(start, end, index, planned)
        for index, (start, end) in enumerate(spans)
        if end > start
        for planned in plan(start, end, base)
    ]
    return sorted(moments, key=lambda moment: moment.plan.time_pts)


def _shown(
    frames: Iterable[tuple[int, VideoFrame]], moments: Sequence[_Moment]
) -> Iterator[tuple[_Moment, int, VideoFrame]]:
    """Each moment with the frame displayed then: the last one up to it in its span, or else the span's next one."""
    waiting, previous = iter(moments), None
    moment = next(waiting, None)
    for current in chain(frames, [None]):
        while moment and (current is None or moment.plan.time_pts < current[0]):
            for candidate in (previous, current):
                if candidate and moment.start_pts <= candidate[0] < moment.end_pts:
                    yield moment, *candidate
                    break
            moment = next(waiting, None)
        if moment is None:
            return
        previous = current


def _wanted_pts(marks: Sequence[Mark], moments: Sequence[_Moment]) -> set[int | None]:
    """Times of the frames displayed at the moments; contains None if they cannot be determined."""
    shown = shown_times(marks)
    if not shown:
        return {None}
    last_before = (max(0, bisect_right(shown, moment.plan.time_pts) - 1) for moment in moments)
    pairs = zip(last_before, moments, strict=True)
    return {shown[min(i + (shown[i] < moment.start_pts), len(shown) - 1)] for i, moment in pairs}


def _jpeg(picture: np.ndarray, *, quality: int) -> bytes:
    import cv2

    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise CallError("unencodable", f"an image of shape {picture.shape} could not be encoded as JPEG")
    return encoded.tobytes()


def _row(pts: int, jpeg: bytes) -> dict[str, Any]:
    frame_hash = hash_of(jpeg)
    return {"pts": pts, "frame_hash": frame_hash, "is_center": False, **dict.fromkeys(ROLES), "jpeg": jpeg}


def _add_roles(row: dict[str, Any], plan: PlannedFrame) -> None:
    row["is_center"] |= plan.is_center
    for role in ROLES:
        if row[role] is None:
            row[role] = getattr(plan, role)


def _finished(
    rows: dict[int, dict[str, Any]], span: tuple[int, int], *, base: Fraction, origin_pts: int
) -> list[dict[str, Any]] | CallError:
    if not rows:
        return CallError("no_frame_in_span", f"no frame decodes in ticks [{span[0]}, {span[1]})")
    return [{**rows[pts], "timestamp_seconds": float((pts - origin_pts) * base)} for pts in sorted(rows)]
