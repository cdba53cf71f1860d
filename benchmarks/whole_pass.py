"""The assets `videos`, `clips` and `clip_frames` on a folder, against PySceneDetect's cut detection, file by file.

Ours measures, splits and samples with one process per core; the peer decodes with as many threads as it chooses. Uses
real files if they are next to the project, or else the sample world.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import closing
from pathlib import Path

import scenedetect

from benchmarks.comparison import Comparison, compare
from benchmarks.splitting import SEED, VIDEO_SUFFIXES, agreement, their_starts
from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.errors import CallError
from internvid_assets.clips.frames import sample_frames
from internvid_assets.clips.splitters import split
from internvid_assets.media.probe import probe
from internvid_assets.sample_world.world import generate

VIDEOS = 8
REAL = Path(__file__).parents[2] / "shared" / "videos" / "public"
LARGE = ("video2dataset__test_video.mp4", "mediabunny__video-h265.mp4", "moviepy__big_buck_bunny_0_30.webm")
"""1080p H.264, two minutes; 1080p H.265; 720p VP8."""


def passed(path: str) -> list[float]:
    """The cuts found in a whole pass."""
    probe(path)
    clips = split(path)
    frames = sample_frames(path, [(clip["start_pts"], clip["end_pts"]) for clip in clips])
    assert not any(isinstance(each, CallError) for each in frames)
    return [clip["start_seconds"] for clip in clips]


def our_pass(videos: list[Path]) -> list[list[float]]:
    with closing(LocalEngine(os.cpu_count() or 1, preload=("av", "cv2", "numpy"))) as engine:
        answers = engine.each(passed, [{"path": str(video)} for video in videos], timeout_seconds=3600)
    return [answer for answer in answers if not isinstance(answer, CallError)]


def measure(repetitions: int) -> Comparison:
    with tempfile.TemporaryDirectory(prefix="internvid-bench-") as folder:
        generate(videos=VIDEOS, seed=SEED, to=Path(folder))
        videos = sorted(path for path in Path(folder).rglob("*") if path.suffix in VIDEO_SUFFIXES)
        videos += [REAL / name for name in LARGE if (REAL / name).exists()]
        return compare(
            "whole_pass",
            load=f"{len(videos)} videos up to 1080p" if REAL.exists() else f"{len(videos)} sample videos",
            peer=f"PySceneDetect {scenedetect.__version__} detect (cuts only), OpenCV backend",
            ours=lambda: our_pass(videos),
            theirs=lambda: [their_starts(video) for video in videos],
            agreement=agreement,
            repetitions=repetitions,
        )
