"""Encodes a planned video: H.264 or VP9 in MP4, MKV or WebM, with exact frame times."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from internvid_assets.sample_world.drawing import draw
from internvid_assets.sample_world.plans import VideoPlan
from internvid_assets.sample_world.sound import SAMPLE_RATE, soundtrack

if TYPE_CHECKING:
    import av
    import av.container
    import av.stream

KEYFRAME_INTERVAL = 250
"""x264's default. Cuts additionally start with a keyframe."""


def encode(plan: VideoPlan, path: Path) -> None:
    """Write the video to a temporary file and rename it, so `path` is never partial. Equal plans give equal bytes."""
    import av
    import cv2

    cv2.setNumThreads(1)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    with av.open(str(aside), "w", format=plan.container, options={"fflags": "+bitexact"}) as container:
        video = _video_stream(container, plan)
        sound = _Sound(container, plan) if plan.audio_codec else None
        lengths = dict(zip(plan.ticks[:-1], np.diff(plan.ticks).tolist(), strict=True))
        for number, frame in enumerate(_frames(plan)):
            _mux(container, video.encode(frame), lengths)
            if sound:
                sound.write_until(plan.seconds(number + 1))
        _mux(container, video.encode(None), lengths)
        if sound:
            sound.close()
    os.replace(aside, path)


def _video_stream(container: av.container.OutputContainer, plan: VideoPlan) -> av.VideoStream:
    # High colour precision: otherwise the hue of white, grey and black jumps at keyframes, which looks like a cut.
    options = {"preset": plan.preset, "crf": "22", "x264-params": "chroma-qp-offset=-8"}
    if plan.video_codec == "libvpx-vp9":
        options = {"deadline": "realtime", "cpu-used": "8", "crf": "15", "b": "0"}
    stream = container.add_stream(plan.video_codec, rate=plan.fps or 30, options=options)
    stream.width, stream.height, stream.pix_fmt = plan.width, plan.height, "yuv420p"
    stream.time_base = stream.codec_context.time_base = plan.time_base
    stream.codec_context.gop_size = KEYFRAME_INTERVAL
    stream.codec_context.thread_count = 1  # workers are processes, and the bytes must not depend on the machine
    return stream


def _frames(plan: VideoPlan) -> Iterator[av.VideoFrame]:
    import av
    import cv2

    picture = np.empty((plan.height, plan.width, 3), np.uint8)
    yuv = np.empty((plan.height * 3 // 2, plan.width), np.uint8)
    for shot in plan.shots:
        for number in range(shot.start_frame, shot.end_frame):
            t_seconds = plan.seconds(number) - plan.seconds(shot.start_frame)
            drawn = draw(shot.scene, t_seconds, plan.width, plan.height, out=picture)
            cv2.cvtColor(drawn, cv2.COLOR_RGB2YUV_I420, dst=yuv)  # several times as fast as swscale
            frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
            frame.pts, frame.time_base = plan.ticks[number], plan.time_base
            yield frame


def _mux(container: av.container.OutputContainer, packets: list[av.Packet], lengths: dict[int, int]) -> None:
    """Set the duration of each packet: encoders omit it, and the last one determines the video's duration."""
    for packet in packets:
        if packet.pts is not None:
            packet.duration = lengths[packet.pts]
        container.mux(packet)


class _Sound:
    """The audio track, written along with the video so that the file is interleaved."""

    CHUNK = 1024

    def __init__(self, container: av.container.OutputContainer, plan: VideoPlan) -> None:
        self.container = container
        self.stream = container.add_stream(plan.audio_codec or "aac", rate=SAMPLE_RATE, layout="mono", bit_rate=32_000)
        self.stream.codec_context.thread_count = 1
        self.samples = soundtrack(plan)
        self.written = 0

    def write_until(self, seconds: float) -> None:
        while self.written < min(len(self.samples), seconds * SAMPLE_RATE):
            self._write(self.samples[self.written : self.written + self.CHUNK])

    def _write(self, samples: np.ndarray) -> None:
        import av

        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, self.written
        frame.time_base = Fraction(1, SAMPLE_RATE)
        self.written += len(samples)
        self.container.mux(self.stream.encode(frame))

    def close(self) -> None:
        self.container.mux(self.stream.encode(None))
