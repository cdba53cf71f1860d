"""The audio of a video as input for speech models: mono, 16 kHz, starting with the first video frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from internvid_assets.cells.errors import CallError
from internvid_assets.media.decode import decoded
from internvid_assets.media.opening import MAX_PIXELS, opened_file, opened_video, time_base

if TYPE_CHECKING:
    import numpy as np
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

SAMPLE_RATE = 16_000
GAP_SECONDS = 0.1
"""A longer gap between audio frames is kept as silence; a shorter one is timestamp jitter of the container."""
MAX_READ_ERRORS = 100


def record(
    media_uri: str, to: Path, *, max_seconds: float, audio_uri: str | None = None, max_pixels: int = MAX_PIXELS
) -> int:
    """Write the audio as int16 samples at SAMPLE_RATE and return their number; sample 0 is at the first video frame.

    `audio_uri` is the separate audio file, if there is one; its clock is assumed to be that of the video. One audio
    frame at a time is in memory. Audio before the first video frame and after `max_seconds` is left out; a gap in the
    audio becomes a hole in the file, which reads as silence.
    Raises `CallError`: the codes of `opened_video`, `unsupported_codec`, and `undecodable_audio`.
    """
    origin_seconds, sound_uri = first_picture_seconds(media_uri, max_pixels=max_pixels), audio_uri or media_uri
    end, limit = 0, int(max_seconds * SAMPLE_RATE)
    with opened_file(sound_uri, max_pixels=max_pixels) as container, open(to, "wb") as file:
        for position, samples in _placed(container, _audio_stream(container), origin_seconds):
            heard = samples[max(0, -position) : max(0, limit - position)]
            if heard.size:
                file.seek(2 * max(0, position))
                file.write(heard.tobytes())
                end = max(0, position) + len(heard)
            if position >= limit:
                break
    if not end:
        raise CallError("undecodable_audio", f"no audio of {sound_uri!r} decodes during the video")
    return end


def first_picture_seconds(source_uri: str, *, max_pixels: int = MAX_PIXELS) -> float:
    """The time of the first video frame on the container's clock."""
    with opened_video(source_uri, max_pixels=max_pixels) as (container, stream):
        for pts, _ in decoded(container, stream):
            return float(pts * time_base(stream))
    raise CallError("undecodable", f"no frame of {source_uri!r} decodes, so its audio has no start time")


def _audio_stream(container: InputContainer) -> AudioStream:
    stream = container.streams.best("audio")
    if stream is None or stream.codec_context is None:
        raise CallError("unsupported_codec", f"{container.name!r} has no audio in a supported codec: transcode it")
    return stream  # pyright: ignore[reportReturnType]


def _placed(container: InputContainer, stream: AudioStream, origin_seconds: float) -> Iterator[tuple[int, np.ndarray]]:
    """(position of the first sample, int16 samples); positions increase, and may start below 0."""
    from av.audio.resampler import AudioResampler

    resampler, position = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE), None
    for frame in _frames(container, stream):
        at = position or 0
        if frame.pts is not None and frame.time is not None:
            at = round((frame.time - origin_seconds) * SAMPLE_RATE)
        if position is None or at - position > GAP_SECONDS * SAMPLE_RATE:
            position = at
        try:
            resampled = resampler.resample(frame)
        except ValueError:  # the stream's format has changed
            resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
            resampled = resampler.resample(frame)
        for part in resampled:
            samples = part.to_ndarray().reshape(-1)
            yield position, samples
            position += len(samples)


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """The decoded frames; damaged packets are skipped, and after MAX_READ_ERRORS read errors the rest is ignored."""
    from av.error import FFmpegError, InvalidDataError

    for _ in range(MAX_READ_ERRORS):
        try:
            for packet in container.demux(stream):
                try:
                    yield from packet.decode()  # pyright: ignore[reportReturnType]
                except FFmpegError:
                    continue
            return
        except InvalidDataError:
            continue
        except OSError as error:
            raise CallError("read_failed", f"reading {container.name!r} stopped: {error}", retryable=True) from None
