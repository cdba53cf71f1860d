"""Splitting videos: our splitter, which also measures motion and exact times, against PySceneDetect's `detect`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import scenedetect

from benchmarks.comparison import Comparison, compare
from internvid_assets.clips.splitters import split
from internvid_assets.sample_world.world import generate

VIDEOS, SEED, THRESHOLD = 12, 7, 27.0
VIDEO_SUFFIXES = {".mp4", ".mkv", ".webm"}


def our_starts(path: Path) -> list[float]:
    return [clip["start_seconds"] for clip in split(str(path), threshold=THRESHOLD)]


def their_starts(path: Path, backend: str = "opencv") -> list[float]:
    detector = scenedetect.ContentDetector(threshold=THRESHOLD)
    scenes = scenedetect.detect(str(path), detector, start_in_scene=True, backend=backend)
    return [start.seconds for start, _ in scenes]


def agreement(ours: list[list[float]], theirs: list[list[float]]) -> str:
    same = sum(_same(mine, peers) for mine, peers in zip(ours, theirs, strict=True))
    return f"{same} of {len(ours)} videos with the same cuts"


def _same(ours: list[float], theirs: list[float]) -> bool:
    """Equal numbers of clips, with starts within 50 ms: PySceneDetect counts from 0, we from the first frame."""
    return len(ours) == len(theirs) and all(abs(a - b) < 0.05 for a, b in zip(ours, theirs, strict=True))


def measure(repetitions: int) -> Comparison:
    with tempfile.TemporaryDirectory(prefix="internvid-bench-") as folder:
        world = generate(videos=VIDEOS, seed=SEED, to=Path(folder))
        videos = sorted(path for path in Path(folder).rglob("*") if path.suffix in VIDEO_SUFFIXES)
        return compare(
            "splitting",
            load=f"{len(videos)} sample videos, {world.frames:,} frames",
            peer=f"PySceneDetect {scenedetect.__version__} detect, OpenCV backend",
            ours=lambda: [our_starts(video) for video in videos],
            theirs=lambda: [their_starts(video) for video in videos],
            agreement=agreement,
            repetitions=repetitions,
        )
