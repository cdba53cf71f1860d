"""The whole pass by codec: the same films in each encoding, against PySceneDetect's cut detection.

How much a decoder may skip depends on the codec: the B-frames of one, nothing of another. The bound of the pass, which
is decoding every frame once and nothing else, is reported too. Seconds are CPU seconds: they predict the time for a
folder of films, whose decoding fills all cores, and do not depend on other load.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import av
import scenedetect

from benchmarks.comparison import Comparison, compare
from benchmarks.decoding import decoded
from benchmarks.splitting import SEED, agreement, their_starts
from benchmarks.whole_pass import LARGE, REAL, passed
from internvid_assets.sample_world.world import generate

FILMS, FILM_FRAMES = 2, 250
WIDTH, HEIGHT, RATE_FPS = 1280, 720, 25


class Encoding(NamedTuple):
    """Typical settings of a codec on sites and cameras."""

    encoder: str
    suffix: str
    options: Mapping[str, str]
    backend: str = "opencv"
    """PySceneDetect's backend: OpenCV is faster, but its wheels do not decode AV1."""


ENCODINGS = {
    "H.264": Encoding("libx264", ".mp4", {"preset": "medium"}),
    "H.264 without B-frames": Encoding("libx264", ".mp4", {"preset": "medium", "bf": "0"}),
    "H.265": Encoding("libx265", ".mp4", {"preset": "veryfast", "x265-params": "log-level=error"}),
    "VP8": Encoding("libvpx", ".webm", {"deadline": "realtime", "cpu-used": "4", "b": "3M", "auto-alt-ref": "1"}),
    "VP9": Encoding("libvpx-vp9", ".webm", {"deadline": "realtime", "cpu-used": "6", "b": "2M", "row-mt": "1"}),
    "AV1": Encoding("libsvtav1", ".mp4", {"preset": "11", "crf": "35"}, "pyav"),
}


def measure(repetitions: int) -> list[Comparison]:
    os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder only reports errors
    with tempfile.TemporaryDirectory(prefix="internvid-bench-") as folder:
        source = REAL / LARGE[0]
        if not source.exists():
            generate(videos=1, seed=SEED, to=Path(folder) / "world")
            source = next((Path(folder) / "world").rglob("*.mp4"))
        loads = {codec: films(encoding, source, Path(folder) / codec) for codec, encoding in ENCODINGS.items()}
        return [row for codec, videos in loads.items() for row in compared(codec, videos, repetitions)]


def compared(codec: str, videos: list[Path], repetitions: int) -> Iterator[Comparison]:
    """Comparisons with PySceneDetect and with the bound, decoding alone."""
    load, backend = f"{codec}, {len(videos)} films of up to {FILM_FRAMES} frames at 720p, CPU", ENCODINGS[codec].backend
    shared: dict[str, Any] = {"repetitions": repetitions, "clock": time.process_time}
    shared["ours"] = lambda: [passed(str(video)) for video in videos]
    yield compare(
        "codecs",
        load=load,
        peer=f"PySceneDetect {scenedetect.__version__} detect (cuts only), backend {backend}",
        theirs=lambda: [their_starts(video, backend) for video in videos],
        agreement=agreement,
        **shared,
    )
    yield compare(
        "codecs",
        load=load,
        peer=f"FFmpeg through PyAV {av.__version__}, every frame decoded",
        theirs=lambda: [decoded(video) for video in videos],
        agreement=lambda ours, theirs: f"{sum(theirs)} frames",
        **shared,
    )


def films(encoding: Encoding, source: Path, folder: Path) -> list[Path]:
    """The first frames of `source`, divided equally among the films, in this encoding."""
    folder.mkdir()
    paths = [folder / f"{part}{encoding.suffix}" for part in range(FILMS)]
    with av.open(str(source)) as container:
        frames = container.decode(video=0)
        for path in paths:
            encode(path, encoding, islice(frames, FILM_FRAMES))
    return paths


def encode(path: Path, encoding: Encoding, frames: Iterable[av.VideoFrame]) -> None:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(encoding.encoder, rate=RATE_FPS, options=dict(encoding.options))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, frame in enumerate(frames):
            picture = frame.reformat(WIDTH, HEIGHT, "yuv420p")
            picture.pts, picture.time_base, picture.pict_type = number, Fraction(1, RATE_FPS), 0
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
