"""The sound of a video as models of speech want it: one channel, 16 kHz, its time that of the first picture."""

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
"""Sound that starts later than this after the sound before it leaves a silence; less is a container's jitter."""
MAX_READ_ERRORS = 100


def record(
    media_uri: str, to: Path, *, max_seconds: float, audio_uri: str | None = None, max_pixels: int = MAX_PIXELS
) -> int:
    """Write the sound as int16 samples at SAMPLE_RATE and return how many; sample 0 is heard with the first picture.

    `audio_uri` is the sound's own file, where it has one; its clock is taken for the pictures'. One frame at a time is
    in memory. What is heard before the first picture is left out, what comes after `max_seconds` too, and
    where there is no sound for a while the file has a hole, which reads as silence.
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
        raise CallError("undecodable_audio", f"no sound of {sound_uri!r} decodes between its first and last picture")
    return end


def first_picture_seconds(source_uri: str, *, max_pixels: int = MAX_PIXELS) -> float:
    """The time of the first picture on the container's clock."""
    with opened_video(source_uri, max_pixels=max_pixels) as (container, stream):
        for pts, _ in decoded(container, stream):
            return float(pts * time_base(stream))
    raise CallError("undecodable", f"no picture of {source_uri!r} decodes, so its sound has no beginning")


def _audio_stream(container: InputContainer) -> AudioStream:
    stream = container.streams.best("audio")
    if stream is None or stream.codec_context is None:
        raise CallError("unsupported_codec", f"{container.name!r} has no sound that is decoded here: transcode it")
    return stream  # pyright: ignore[reportReturnType]


def _placed(container: InputContainer, stream: AudioStream, origin_seconds: float) -> Iterator[tuple[int, np.ndarray]]:
    """(position of the first sample, int16 samples); positions only grow, and may begin below 0."""
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
        except ValueError:  # the stream changed its format
            resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
            resampled = resampler.resample(frame)
        for part in resampled:
            samples = part.to_ndarray().reshape(-1)
            yield position, samples
            position += len(samples)


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """The decoded frames; damaged packets are skipped, and after MAX_READ_ERRORS damaged places the rest is left."""
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
