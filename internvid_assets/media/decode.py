"""Packets and frames of one video with exact, increasing times; damaged packets are skipped and counted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from internvid_assets.cells.errors import CallError
from internvid_assets.media.opening import nominal_rate_fps, time_base

if TYPE_CHECKING:
    import numpy as np
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MAX_READ_ERRORS = 100
"""The number of read errors that are skipped before the rest of the file is ignored."""
MAX_GAP_SECONDS = 7200
"""No frame is displayed for longer: a larger jump is damage, and would result in clips of a million years."""
MAX_PACKETS = 10_000_000
"""46 hours at 60 fps. The data kept for each packet must fit into a worker's memory."""


def packets(container: InputContainer, stream: VideoStream, *, at_most: int = MAX_PACKETS) -> Iterator[Packet]:
    """Packets in decode order, ending with the empty flush packet; times are shifted if a recording restarts its clock.

    Raises `CallError`: encrypted, too_many_frames, read_failed (retryable).
    """
    clock = _Clock(stream)
    for number, packet in enumerate(_demuxed(container, stream)):
        if packet.has_sidedata("encryption_info"):
            raise CallError("encrypted", f"{container.name!r} is encrypted: without the key it decodes to noise")
        if number > at_most:
            raise CallError("too_many_frames", f"{container.name!r} has over {at_most} packets: split it into parts")
        clock.mend(packet)
        yield packet


class _Clock:
    """Corrects packet times after a recording restarts its clock, and removes impossible ones."""

    def __init__(self, stream: VideoStream) -> None:
        self._restart = math.ceil(1 / time_base(stream))  # a step back of over a second is a restart, less is jitter
        self._gap = max(1, math.floor(MAX_GAP_SECONDS / time_base(stream)))
        self._usual_ticks = nominal_ticks(stream)
        self._shift, self._last_dts = 0, None

    def mend(self, packet: Packet) -> None:
        if packet.dts is not None:
            if packet.pts is not None and not -self._restart <= packet.pts - packet.dts <= self._gap:
                packet.pts = None
            last, dts = self._last_dts, packet.dts + self._shift
            if last is not None and not last - self._restart <= dts <= last + self._gap:
                self._shift = last + self._usual_ticks - packet.dts
            self._last_dts = packet.dts + self._shift
        if packet.duration and packet.duration > self._gap:
            packet.duration = self._usual_ticks
        if self._shift and packet.size:
            packet.dts = None if packet.dts is None else packet.dts + self._shift
            packet.pts = None if packet.pts is None else packet.pts + self._shift


def _demuxed(container: InputContainer, stream: VideoStream) -> Iterator[Packet]:
    from av.error import InvalidDataError

    for _ in range(MAX_READ_ERRORS):
        try:
            yield from container.demux(stream)
            return
        except (InvalidDataError, MemoryError):  # FFmpeg reports a packet that claims gigabytes as out of memory
            continue
        except IndexError:  # PyAV 18 cannot flush a stream that appeared late; ours was flushed before it
            return
        except OSError as error:
            raise CallError("read_failed", f"reading {container.name!r} stopped: {error}", retryable=True) from None


def nominal_ticks(stream: VideoStream) -> int:
    """The duration of a frame in ticks at the nominal rate, at least 1."""
    return max(1, round(1 / (nominal_rate_fps(stream) * time_base(stream))))


@dataclass
class Decoder:
    """Frames of `stream`, with strictly increasing times.

    Damaged packets are skipped and counted; a frame without a time is placed directly after the previous one.
    """

    stream: VideoStream
    skipped_packets: int = 0
    first_pts: int | None = None
    last_pts: int | None = field(default=None, repr=False)
    last_ticks: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        self._nominal_ticks = nominal_ticks(self.stream)
        self._longest_ticks = MAX_GAP_SECONDS / time_base(self.stream)

    def frames(self, packets: Iterable[Packet]) -> Iterator[tuple[int, VideoFrame]]:
        """(pts, frame) in display order for packets in decode order."""
        for packet in packets:
            for frame in self._decode(packet):
                yield self._advance(frame), frame

    def drained(self) -> Iterator[tuple[int, VideoFrame]]:
        """The frames still inside the decoder, which can then continue at any key frame."""
        from av.error import FFmpegError

        context = self.stream.codec_context
        try:
            late = context.decode(None)
        except FFmpegError:
            late = []
        context.flush_buffers()
        for frame in late:
            yield self._advance(frame), frame

    @property
    def end_pts(self) -> int:
        """The end of the last frame: its pts plus its duration."""
        if self.last_pts is None:
            raise CallError("undecodable", "no frame was decoded, so there is no end")
        return self.last_pts + self.last_ticks

    def _decode(self, packet: Packet) -> list[VideoFrame]:
        from av.error import FFmpegError

        try:
            return packet.decode()  # type: ignore[return-value]
        except FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            self.skipped_packets += 1
            return []

    def _advance(self, frame: VideoFrame) -> int:
        pts = frame.pts
        if self.last_pts is not None:
            pts = self.last_pts + self.last_ticks if pts is None else max(pts, self.last_pts + 1)
        self.last_pts = 0 if pts is None else pts
        self.first_pts = self.last_pts if self.first_pts is None else self.first_pts
        self.last_ticks = frame.duration if 0 < (frame.duration or 0) < self._longest_ticks else self._nominal_ticks
        return self.last_pts


def decoded(
    container: InputContainer, stream: VideoStream, *, decoder: Decoder | None = None
) -> Iterator[tuple[int, VideoFrame]]:
    """(pts, frame) of the whole stream in display order."""
    return (decoder or Decoder(stream)).frames(packets(container, stream))


def display_size(
    width: int, height: int, *, rotation_degrees: int = 0, sample_aspect: Fraction | None = None
) -> tuple[int, int]:
    """Display width and height: with square pixels, after rotation.

    A sample aspect ratio within 2 % of 1 is an encoder's rounding, one beyond 1:4 a damaged header: both are ignored.
    """
    if sample_aspect and Fraction(1, 4) <= sample_aspect <= 4 and abs(sample_aspect - 1) > Fraction(1, 50):
        width = max(1, round(width * sample_aspect))
    return (height, width) if rotation_degrees % 180 else (width, height)


def sample_aspect(stream: VideoStream) -> Fraction | None:
    """Pixel width divided by height; None if the stream does not give it."""
    aspect = stream.codec_context.sample_aspect_ratio
    return Fraction(aspect.numerator, aspect.denominator) if aspect and aspect.denominator else None


def quarter_turns(frame: VideoFrame) -> int:
    """The number of counterclockwise quarter turns that make the frame upright, 0 to 3."""
    return round(frame.rotation / 90) % 4


class UprightPictures:
    """Converts frames to upright RGB arrays (H, W, 3), shorter side at most `short_side_pixels`, never enlarged.

    One cached scaler per stream: creating one per frame takes longer than the scaling.
    """

    def __init__(self, stream: VideoStream, *, short_side_pixels: int) -> None:
        from av.video.reformatter import VideoReformatter

        self._scaler = VideoReformatter()
        self._aspect = sample_aspect(stream)
        self._short_side = short_side_pixels

    def __call__(self, frame: VideoFrame) -> np.ndarray:
        import numpy as np

        width, height = display_size(frame.width, frame.height, sample_aspect=self._aspect)
        scale = min(Fraction(1), Fraction(self._short_side, min(width, height)))
        picture = self._scaler.reformat(
            frame, max(1, round(width * scale)), max(1, round(height * scale)), "rgb24", interpolation="BICUBIC"
        )
        return np.ascontiguousarray(np.rot90(picture.to_ndarray(), quarter_turns(frame)))
