"""Exports a clip as a file: re-encoded with exact boundaries, or with its packets copied unchanged."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from internvid_assets.cells.errors import CallError
from internvid_assets.media.decode import Decoder, packets, quarter_turns
from internvid_assets.media.opening import MAX_PIXELS, nominal_rate_fps, opened_video, time_base

if TYPE_CHECKING:
    import numpy as np
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

How = Literal["encode", "copy"]
AUDIO_RATE_HERTZ = 48_000
MP4_CODECS = frozenset({"h264", "hevc", "av1", "mpeg4", "aac", "mp3", "opus", "ac3"})
"""Codecs that players support in MP4; copies of other codecs are written as Matroska."""


@dataclass(frozen=True)
class Exported:
    """The file, and how far its boundaries moved outwards, since a copy can only start at a key frame."""

    path: Path
    earlier_seconds: float
    later_seconds: float


def export_clip(
    source_uri: str, stem: Path, *, start_pts: int, end_pts: int, how: How, max_pixels: int = MAX_PIXELS
) -> Exported:
    """Write [start_pts, end_pts) of a video with its audio, atomically: to a temporary name, which is then renamed.

    Re-encoded frames are upright, H.264 in MP4, with the times of the source. Raises `CallError`: the codes of
    `opened_video`, and `no_frame_in_span`.
    """
    with opened_video(source_uri, max_pixels=max_pixels, threads=0) as (container, stream):
        suffix = ".mp4" if how == "encode" or _fits_mp4(container, stream) else ".mkv"
    aside, path = stem.with_name(f".{stem.name}.unfinished{suffix}"), stem.with_name(stem.name + suffix)
    write = _encode if how == "encode" else _copy
    try:
        earlier, later = write(source_uri, aside, start_pts, end_pts, max_pixels)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return Exported(path, earlier, later)


def _fits_mp4(container: InputContainer, stream: VideoStream) -> bool:
    codecs = {stream.codec_context.name, *(sound.codec_context.name for sound in container.streams.audio[:1])}
    return codecs <= MP4_CODECS


def _encode(source_uri: str, to: Path, start_pts: int, end_pts: int, max_pixels: int) -> tuple[float, float]:
    import av

    with (
        opened_video(source_uri, max_pixels=max_pixels, threads=0) as (container, stream),
        av.open(str(to), "w", options={"movflags": "+faststart"}) as output,
    ):
        base = time_base(stream)
        sound = container.streams.audio[0] if container.streams.audio else None
        picture_writer = _PictureWriter(output, base, nominal_rate_fps(stream))
        sound_writer = _SoundWriter(output, start_pts * base, end_pts * base) if sound else None
        for _, frame in _frames_in(container, stream, start_pts, end_pts):
            picture_writer.write(frame, frame.pts - start_pts if frame.pts is not None else None)
        picture_writer.finish(f"no frame of {source_uri!r} decodes in ticks [{start_pts}, {end_pts})")
        if sound and sound_writer:
            with av.open(container.name, options={"protocol_whitelist": "file"}) as again:
                sound_writer.write(again, again.streams.audio[0])
    return 0.0, 0.0


def _frames_in(
    container: InputContainer, stream: VideoStream, start_pts: int, end_pts: int
) -> Iterator[tuple[int, VideoFrame]]:
    _seek(container, stream, start_pts)
    for pts, frame in Decoder(stream).frames(packets(container, stream)):
        if pts >= end_pts:
            return
        if pts >= start_pts:
            yield pts, frame


def _seek(container: InputContainer, stream: VideoStream | AudioStream, pts: int) -> None:
    """Seek to the last key frame at or before `pts`; a container that cannot seek is read from the start."""
    from av.error import FFmpegError

    try:
        container.seek(pts, stream=stream, backward=True)
    except FFmpegError:
        container.seek(0)


class _PictureWriter:
    """Encodes frames upright, with even sizes, at their original times."""

    def __init__(self, output: OutputContainer, base: Fraction, rate: Fraction) -> None:
        self._output, self._base = output, base
        self._stream = output.add_stream("libx264", rate=rate, options={"crf": "18", "preset": "veryfast"})
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = base
        self._last = -1

    def write(self, frame: VideoFrame, pts: int | None) -> None:
        import av

        picture = _upright(frame)
        if self._last < 0:
            self._stream.height, self._stream.width = picture.shape[:2]
        encoded = av.VideoFrame.from_ndarray(picture, format="rgb24")
        self._last = max(self._last + 1, pts or 0)
        encoded.pts, encoded.time_base = self._last, self._base
        self._output.mux(self._stream.encode(encoded))

    def finish(self, why_empty: str) -> None:
        if self._last < 0:
            raise CallError("no_frame_in_span", why_empty)
        self._output.mux(self._stream.encode(None))


def _upright(frame: VideoFrame) -> np.ndarray:
    """RGB (H, W, 3) with even sides, as required by H.264."""
    import numpy as np

    picture = np.rot90(frame.to_ndarray(format="rgb24"), quarter_turns(frame))
    return np.ascontiguousarray(picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2])


class _SoundWriter:
    """Encodes the samples of [start, end) seconds, exact to the sample."""

    def __init__(self, output: OutputContainer, start_seconds: Fraction, end_seconds: Fraction) -> None:
        self._output = output
        self._start, self._end = start_seconds, end_seconds
        self._stream = output.add_stream("aac", rate=AUDIO_RATE_HERTZ, layout="stereo")

    def write(self, container: InputContainer, sound: AudioStream) -> None:
        import av

        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=AUDIO_RATE_HERTZ)
        base = Fraction(sound.time_base.numerator, sound.time_base.denominator) if sound.time_base else Fraction(1)
        _seek(container, sound, math.floor(self._start / base))
        for frame in container.decode(sound):
            if frame.pts is not None and frame.pts * base >= self._end:
                break
            for part in resampler.resample(frame):
                self._write_part(part)
        self._output.mux(self._stream.encode(None))

    def _write_part(self, part: object) -> None:
        import av
        import numpy as np

        assert isinstance(part, av.AudioFrame) and part.pts is not None and part.time_base is not None
        first = round((Fraction(part.pts) * Fraction(part.time_base) - self._start) * AUDIO_RATE_HERTZ)
        length = round((self._end - self._start) * AUDIO_RATE_HERTZ)
        samples = part.to_ndarray()[:, max(0, -first) : max(0, length - first)]
        if samples.shape[1]:
            samples = np.ascontiguousarray(samples, np.float32)
            cut = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            cut.sample_rate, cut.pts, cut.time_base = AUDIO_RATE_HERTZ, max(0, first), Fraction(1, AUDIO_RATE_HERTZ)
            self._output.mux(self._stream.encode(cut))


def _copy(source_uri: str, to: Path, start_pts: int, end_pts: int, max_pixels: int) -> tuple[float, float]:
    import av

    with (
        opened_video(source_uri, max_pixels=max_pixels) as (container, stream),
        av.open(str(to), "w") as output,
    ):
        base = time_base(stream)
        sound = container.streams.audio[0] if container.streams.audio else None
        copies = {s.index: output.add_stream_from_template(s) for s in (stream, sound) if s is not None}
        _seek(container, stream, start_pts)
        first, last_end = None, end_pts
        for packet in container.demux([s for s in (stream, sound) if s is not None]):
            if packet.dts is None or packet.pts is None:
                continue
            seconds = packet.pts * Fraction(packet.time_base)
            if packet.stream_index == stream.index:
                if first is None:
                    first = packet.pts
                if packet.dts >= end_pts:
                    break
                last_end = max(last_end, packet.pts + (packet.duration or 0))
            elif first is None or not first * base <= seconds < end_pts * base:
                continue
            _shift(packet, first * base)
            packet.stream = copies[packet.stream_index]
            output.mux(packet)
    if first is None:
        raise CallError("no_frame_in_span", f"no packet of {source_uri!r} is in ticks [{start_pts}, {end_pts})")
    return float(max(0, start_pts - first) * base), float((last_end - end_pts) * base)


def _shift(packet: Packet, seconds: Fraction) -> None:
    """Make the times relative to the clip's start."""
    ticks = round(seconds / Fraction(packet.time_base))
    packet.pts, packet.dts = packet.pts - ticks, packet.dts - ticks  # type: ignore[operator]
