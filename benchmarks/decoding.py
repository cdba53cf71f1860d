"""Splitting one long video, against FFmpeg's libraries only decoding every frame."""

from __future__ import annotations

import tempfile
from pathlib import Path

import av

from benchmarks.comparison import Comparison, compare
from benchmarks.whole_pass import LARGE, REAL
from internvid_assets.clips.splitters import split
from internvid_assets.media.opening import opened_video
from internvid_assets.sample_world.world import generate


def decoded(path: Path | str, *, threads: int = 1) -> int:
    """The number of frames, found by decoding all of them."""
    with opened_video(str(path), threads=threads) as (container, stream):
        return sum(1 for _ in container.decode(stream))


def counted(path: Path) -> int:
    return sum(clip["frame_count"] for clip in split(str(path), threads=0))


def measure(repetitions: int) -> Comparison:
    with tempfile.TemporaryDirectory(prefix="internvid-bench-") as folder:
        video = REAL / LARGE[0]
        if not video.exists():
            generate(videos=1, seed=7, to=Path(folder))
            video = next(path for path in Path(folder).rglob("*.mp4"))
        return compare(
            "decoding",
            load=f"{video.name}, one after the other",
            peer=f"FFmpeg through PyAV {av.__version__}, every frame decoded",
            ours=lambda: counted(video),
            theirs=lambda: decoded(video, threads=0),
            agreement=lambda ours, theirs: f"{ours} and {theirs} frames",
            repetitions=repetitions,
        )
