"""Videos of a few dozen small frames, encoded as the tests need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT = 64, 48


def grey(level: int, *, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A picture of one grey, 16 to 235 survive encoding."""
    return np.full((height, width, 3), level, np.uint8)


def noise(seed: int, *, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A picture of coarse noise: every seed far from every other."""
    blocks = np.random.default_rng(seed).integers(16, 235, (height // 8, width // 8, 3), np.uint8)
    return blocks.repeat(8, axis=0).repeat(8, axis=1)


def write_video(
    path: Path,
    pictures: Sequence[np.ndarray],
    *,
    pts: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 25),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    codec_options: Mapping[str, str] = {"crf": "10", "preset": "ultrafast"},
    container_options: Mapping[str, str] = {},
    sample_aspect: Fraction = Fraction(1),
    with_audio: bool = False,
) -> Path:
    """Encode `pictures` (H, W, 3) RGB, one per tick of `time_base` or at the ticks `pts`."""
    times = list(pts if pts is not None else range(len(pictures)))
    with av.open(str(path), "w", options=dict(container_options)) as container:
        stream = container.add_stream(codec, rate=round(1 / time_base) or 1, options=dict(codec_options))
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = time_base
        stream.codec_context.sample_aspect_ratio = sample_aspect
        sound = container.add_stream("aac", rate=16_000) if with_audio else None
        for time, picture in zip(times, pictures, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = time, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            _write_silence(container, sound, seconds=float((times[-1] + 1) * time_base))
    return path


def write_audio(path: Path, *, seconds: float = 1.0, codec: str = "aac", tags: Mapping[str, str] = {}) -> Path:
    """A file with an audio stream and nothing else."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=16_000)
        stream.metadata.update(tags)
        _write_silence(container, stream, seconds=seconds)
    return path


def _write_silence(container, stream, *, seconds: float) -> None:
    for block in range(max(1, round(seconds * 16_000 / 1024))):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16_000, block * 1024
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def presentation_times(path: Path) -> list[int]:
    """The times of the frames in ticks, as PyAV alone decodes them."""
    with av.open(str(path)) as container:
        return [frame.pts for frame in container.decode(video=0)]
