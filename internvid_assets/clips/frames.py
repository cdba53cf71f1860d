"""Sampled frames of clips: one decode per video, of no more of it than the planned moments need."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

from internvid_assets.cells.errors import CallError
from internvid_assets.media.decode import Decoder, UprightPictures, packets
from internvid_assets.media.opening import MAX_PIXELS, opened_video, time_base
from internvid_assets.media.sampling import PlannedFrame, clip_frame_plan

if TYPE_CHECKING:
    import numpy as np
    from av.container import InputContainer
    from av.video.frame import VideoFrame

ROLES = ("second", "uniform_4", "uniform_8")


def sample_frames(
    source_uri: str,
    spans: Sequence[tuple[int, int]],
    *,
    short_side_pixels: int = 256,
    jpeg_quality: int = 90,
    max_pixels: int = MAX_PIXELS,
    threads: int = 1,
) -> list[list[dict[str, Any]] | CallError]:
    """For each half-open span in ticks, its frames in time order as the payload of `clip_frames`, plus `jpeg` bytes.

    Each planned moment takes the picture on display then, inside the span; moments that share a picture share its row,
    which keeps the first position of each role (a clip of two frames has fewer than 4 `uniform_4`). Pictures are
    upright and never enlarged. A span without a decodable frame is a `CallError` (`no_frame_in_span`) in its place.
    Raises `CallError`: the codes of `opened_video`.
    """
    with opened_video(source_uri, max_pixels=max_pixels) as (container, stream):
        marks = [_Mark.of(packet) for packet in packets(container, stream) if packet.size]
        base = time_base(stream)
    moments = _moments(spans, base)
    with opened_video(source_uri, max_pixels=max_pixels, threads=threads) as (container, stream):
        pictures = UprightPictures(stream, short_side_pixels=short_side_pixels)
        found: list[dict[int, dict[str, Any]]] = [{} for _ in spans]
        decoder = Decoder(stream)
        for moment, pts, frame in _shown(_needed_frames(decoder, container, marks, moments), moments):
            rows = found[moment.span]
            if pts not in rows:
                rows[pts] = _row(pts, _jpeg(pictures(frame), quality=jpeg_quality))
            _add_roles(rows[pts], moment.plan)
    origin = decoder.first_pts or 0
    return [_finished(rows, span, base=base, origin_pts=origin) for rows, span in zip(found, spans, strict=True)]


@dataclass(frozen=True)
class _Mark:
    """What a packet says before it is decoded."""

    pts: int | None
    is_key: bool
    is_shown: bool

    @classmethod
    def of(cls, packet: Any) -> _Mark:
        return cls(packet.pts, packet.is_keyframe, not packet.is_discard)


@dataclass(frozen=True)
class _Moment:
    """A planned time and the span it belongs to."""

    start_pts: int
    end_pts: int
    span: int
    plan: PlannedFrame


def _moments(spans: Sequence[tuple[int, int]], base: Fraction) -> list[_Moment]:
    moments = [
        _Moment(start, end, index, plan)
        for index, (start, end) in enumerate(spans)
        if end > start
        for plan in clip_frame_plan(start, end, base)
    ]
    return sorted(moments, key=lambda moment: moment.plan.time_pts)


def _shown(
    frames: Iterable[tuple[int, VideoFrame]], moments: Sequence[_Moment]
) -> Iterator[tuple[_Moment, int, VideoFrame]]:
    """Each moment with the frame on display then: the last at or before it in its span, else the span's first after."""
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


def _needed_frames(
    decoder: Decoder, container: InputContainer, marks: Sequence[_Mark], moments: Sequence[_Moment]
) -> Iterator[tuple[int, VideoFrame]]:
    """(pts, frame) of at least the first frame and those on display at the moments, decoding little else.

    Groups of pictures without such a frame are not decoded at all, pictures no other refers to only when wanted.
    """
    wanted = _wanted_pts(marks, moments)
    in_group = _in_needed_group(marks, wanted)
    context, mark, was_decoding = decoder.stream.codec_context, 0, True
    for packet in packets(container, decoder.stream):
        is_last = packet.size == 0
        decoding = is_last or in_group[mark] or decoder.first_pts is None
        if decoding:
            whole = is_last or decoder.first_pts is None or marks[mark].pts in wanted or None in wanted
            context.skip_frame = "DEFAULT" if whole else "NONREF"
            yield from decoder.frames([packet])
        elif was_decoding:
            yield from decoder.drained()
        was_decoding, mark = decoding, mark + 1


def _wanted_pts(marks: Sequence[_Mark], moments: Sequence[_Moment]) -> set[int | None]:
    """Times of the frames on display at the moments; holds None where packets without times make that unknowable."""
    shown = sorted({mark.pts for mark in marks if mark.is_shown and mark.pts is not None})
    if not shown or any(mark.pts is None for mark in marks):
        return {None}
    last_before = (max(0, bisect_right(shown, moment.plan.time_pts) - 1) for moment in moments)
    pairs = zip(last_before, moments, strict=True)
    return {shown[min(i + (shown[i] < moment.start_pts), len(shown) - 1)] for i, moment in pairs}


def _in_needed_group(marks: Sequence[_Mark], wanted: set[int | None]) -> list[bool]:
    """For each packet whether its group of pictures, key frame to key frame, may show or lead to a wanted frame."""
    if None in wanted:
        return [True] * len(marks)
    times = sorted(time for time in wanted if time is not None)
    needed: list[bool] = []
    keys = [i for i, mark in enumerate(marks) if mark.is_key and i > 0]
    for first, after in pairwise([0, *keys, len(marks)]):
        low = min(mark.pts for mark in marks[first:after] if mark.pts is not None)  # open groups begin before their key
        high = marks[after].pts if after < len(marks) else None
        i = bisect_left(times, low)
        needed += [i < len(times) and (high is None or times[i] < high)] * (after - first)
    return needed


def _jpeg(picture: np.ndarray, *, quality: int) -> bytes:
    import cv2

    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise CallError("unencodable", f"a picture of shape {picture.shape} was not encoded as JPEG")
    return encoded.tobytes()


def _row(pts: int, jpeg: bytes) -> dict[str, Any]:
    frame_hash = hashlib.blake2b(jpeg, digest_size=16).hexdigest()
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
