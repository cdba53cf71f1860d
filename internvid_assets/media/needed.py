"""Decodes only what is needed of a stream: whole groups of pictures and unreferenced frames are skipped."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from internvid_assets.media.decode import Decoder, packets

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame


@dataclass(frozen=True, slots=True)
class Mark:
    """The properties of a packet that are known before decoding."""

    pts: int | None
    ticks: int | None
    """Its duration; None if the container does not give it."""
    size_bytes: int
    is_key: bool
    is_shown: bool

    @classmethod
    def of(cls, packet: Packet) -> Mark:
        return cls(packet.pts, packet.duration or None, packet.size, packet.is_keyframe, not packet.is_discard)


def shown_times(marks: Sequence[Mark]) -> list[int] | None:
    """The pts of all displayed frames, in display order; None if a packet has no time."""
    if any(mark.pts is None for mark in marks):
        return None
    return sorted({mark.pts for mark in marks if mark.is_shown and mark.pts is not None})


def needed_frames(
    decoder: Decoder, container: InputContainer, marks: Sequence[Mark], wanted: set[int | None]
) -> Iterator[tuple[int, VideoFrame]]:
    """(pts, frame) of at least the first frame and those at the `wanted` times, decoding little else.

    Groups of pictures without such a frame are not decoded, others up to the last wanted frame; unreferenced frames are
    decoded only if wanted. If `wanted` contains None, everything is decoded.
    """
    context, mark, was_decoding = decoder.stream.codec_context, 0, True
    # Frame threads would be idle at the end of every group, which costs more than decoding its last frames.
    in_group = _needed(marks, wanted, with_tails=context.thread_count != 1)
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


def _needed(marks: Sequence[Mark], wanted: set[int | None], *, with_tails: bool) -> list[bool]:
    """For each packet, whether a wanted frame may be in it or depend on it.

    A group of pictures, from key frame to key frame, is needed up to its last wanted packet: nothing references later
    ones, unless the next group starts with wanted frames that are displayed before its key frame.
    """
    if None in wanted:
        return [True] * len(marks)
    times = sorted(time for time in wanted if time is not None)
    needed = [False] * len(marks)
    keys = [i for i, mark in enumerate(marks) if mark.is_key and i > 0]
    for first, after in pairwise([0, *keys, len(marks)]):
        low = min(mark.pts for mark in marks[first:after] if mark.pts is not None)  # open groups start before their key
        high = marks[after].pts if after < len(marks) else None
        inside = times[bisect_left(times, low) : None if high is None else bisect_left(times, high)]
        last = max((i for i in range(first, after) if marks[i].pts in wanted), default=first - 1)
        is_whole = with_tails or not {mark.pts for mark in marks[first:after]}.issuperset(inside)
        end = (after if is_whole else last + 1) if inside else first
        needed[first:end] = [True] * (end - first)
    return needed
