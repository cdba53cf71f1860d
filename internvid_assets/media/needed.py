"""Decoding no more of a stream than what is wanted: whole groups and unreferenced pictures are skipped."""

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
    """What a packet says before it is decoded."""

    pts: int | None
    ticks: int | None
    """Its duration; null when the container does not say."""
    size_bytes: int
    is_key: bool
    is_shown: bool

    @classmethod
    def of(cls, packet: Packet) -> Mark:
        return cls(packet.pts, packet.duration or None, packet.size, packet.is_keyframe, not packet.is_discard)


def shown_times(marks: Sequence[Mark]) -> list[int] | None:
    """The pts of every picture that is shown, in display order; null where a packet without a time hides one."""
    if any(mark.pts is None for mark in marks):
        return None
    return sorted({mark.pts for mark in marks if mark.is_shown and mark.pts is not None})


def needed_frames(
    decoder: Decoder, container: InputContainer, marks: Sequence[Mark], wanted: set[int | None]
) -> Iterator[tuple[int, VideoFrame]]:
    """(pts, frame) of at least the first frame and those at the `wanted` times, decoding little else.

    Groups of pictures without such a frame are not decoded at all, pictures no other refers to only when wanted.
    A `wanted` that holds None wants everything.
    """
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


def _in_needed_group(marks: Sequence[Mark], wanted: set[int | None]) -> list[bool]:
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
