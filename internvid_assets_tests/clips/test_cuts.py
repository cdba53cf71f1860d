"""Cuts are PySceneDetect's, at the stream's own times, with motion measured on the way."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tiny_videos import grey, noise, presentation_times, write_video

from internvid_assets.cells.errors import CallError
from internvid_assets.clips.cuts import _fast_content_detector, split

TOLERANCE_SECONDS = 0.05


def scenes(*lengths: int) -> list[np.ndarray]:
    """A different noise picture per scene, each shown for so many frames."""
    return [noise(scene) for scene, length in enumerate(lengths) for _ in range(length)]


def test_spans_between_known_cuts(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", scenes(20, 30, 25))
    times = presentation_times(path)
    clips = split(str(path))
    assert [clip["start_pts"] for clip in clips] == [times[0], times[20], times[50]]
    assert [clip["end_pts"] for clip in clips] == [times[20], times[50], times[-1] + times[1] - times[0]]
    assert [clip["frame_count"] for clip in clips] == [20, 30, 25]
    assert [(clip["start_seconds"], clip["end_seconds"]) for clip in clips] == [(0.0, 0.8), (0.8, 2.0), (2.0, 3.0)]
    assert {clip["time_base"] for clip in clips} == {"1/12800"}


def test_variable_frame_rate_keeps_exact_times(tmp_path: Path) -> None:
    times = list(np.cumsum([0, *[20, 80, 33] * 20])[:60])
    path = write_video(tmp_path / "v.mkv", scenes(30, 30), pts=[int(t) for t in times], time_base=Fraction(1, 1000))
    first, second = split(str(path))
    assert (first["start_pts"], first["end_pts"], second["start_pts"]) == (0, times[30], times[30])
    assert first["time_base"] == "1/1000"
    assert second["duration_seconds"] == pytest.approx(second["end_seconds"] - second["start_seconds"])


def test_scenes_shorter_than_the_minimum_are_merged(tmp_path: Path) -> None:
    path = str(write_video(tmp_path / "v.mp4", scenes(20, 10, 20)))
    assert len(split(path)) == 2
    assert len(split(path, min_scene_length_frames=5)) == 3
    assert len(split(path, threshold=250)) == 1


def test_motion_is_inside_the_clip_only(tmp_path: Path) -> None:
    moving = [grey(40 + 5 * i) for i in range(30)]
    still, moved = split(str(write_video(tmp_path / "v.mp4", [*scenes(30), *moving])))
    assert still["motion_mean"] < 0.05
    assert still["motion_max"] < 1
    assert moved["motion_mean"] == pytest.approx(5, abs=0.3)


def test_one_frame_is_one_still_clip(tmp_path: Path) -> None:
    (clip,) = split(str(write_video(tmp_path / "v.mp4", [grey(40)])))
    assert (clip["frame_count"], clip["motion_mean"], clip["start_seconds"]) == (1, 0.0, 0.0)
    assert clip["end_pts"] > clip["start_pts"]


def test_the_faster_score_is_the_same_number() -> None:
    from scenedetect import ContentDetector
    from scenedetect.common import FrameTimecode

    theirs, ours = ContentDetector(), _fast_content_detector(27.0, 15)
    rng = np.random.default_rng(0)
    for i in range(5):
        picture, time = rng.integers(0, 255, (37, 53, 3), np.uint8), FrameTimecode(i, 25.0)
        expected = theirs._calculate_frame_score(time, picture)
        assert ours._calculate_frame_score(time, picture) == pytest.approx(expected, rel=1e-12)


def test_the_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    path = str(write_video(tmp_path / "v.mp4", scenes(20, 30), codec_options={"preset": "medium"}))
    assert split(path, threads=1) == split(path, threads=3)


def test_runs_in_a_worker_process(tmp_path: Path) -> None:
    path = str(write_video(tmp_path / "v.mp4", scenes(20, 30)))
    with ProcessPoolExecutor(1) as pool:
        assert pool.submit(split, path, threshold=27.0).result() == split(path)


def test_failures_have_the_codes_of_opening(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(CallError, match="not_a_video"):
        split(str(tmp_path / "text.mp4"))


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "at_least"), [("public", 70), ("broken", 19)])
def test_cuts_of_the_reference(shared_videos: Path, folder: str, at_least: int) -> None:
    reference = json.loads((shared_videos / folder / "reference_scenes.json").read_text())["videos"]
    judged = [video for video in reference if _reference_starts(video) and video["file"] != "bomb_16000x16000.mp4"]
    with ProcessPoolExecutor(2) as pool:
        answers = pool.map(split, [str(shared_videos / folder / video["file"]) for video in judged])
        others = [video["file"] for video, clips in zip(judged, answers, strict=True) if not _same(clips, video)]
    assert len(judged) >= at_least
    assert others == []


def _reference_starts(video: dict) -> list[list[float]]:
    """Scene starts by either backend, where frames were read at all."""
    backends = [video.get(name, {}) for name in ("opencv", "pyav") if video.get("n_frames_decoded")]
    return [[scene["start_s"] for scene in backend["scenes"]] for backend in backends if backend.get("scenes")]


def _same(clips: list[dict], video: dict) -> bool:
    assert all(a["end_pts"] == b["start_pts"] for a, b in pairwise(clips))
    starts = [clip["start_seconds"] for clip in clips]
    return any(
        len(starts) == len(other)
        and all(abs(a - (b - other[0])) < TOLERANCE_SECONDS for a, b in zip(starts, other, strict=True))
        for other in _reference_starts(video)
    )
