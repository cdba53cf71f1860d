"""Cuts are PySceneDetect's, at the stream's own times, with motion measured on the way."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scenedetect.common import FrameTimecode
from tiny_videos import grey, noise, presentation_times, write_video

from internvid_assets.cells.errors import CallError
from internvid_assets.clips.cuts import Opening, content_cuts, look_at_all
from internvid_assets.clips.splitters import SPLITTERS, split

TOLERANCE_SECONDS = 0.05
OPENING: Opening = {"max_pixels": 1 << 24, "threads": 1}
THRESHOLDS = {
    "pyscenedetect_adaptive": 3.0,
    "pyscenedetect_hash": 0.35,
    "pyscenedetect_histogram": 0.2,
    "pyscenedetect_threshold": 12.0,
}


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
    assert second["end_seconds"] == pytest.approx((times[-1] + 33 - times[0]) / 1000, abs=0.1)


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


def test_the_score_is_pyscenedetects(tmp_path: Path) -> None:
    from scenedetect import ContentDetector

    path = str(write_video(tmp_path / "v.mp4", [*scenes(20, 20), *(grey(40 + 5 * i) for i in range(20))]))
    theirs = ContentDetector()
    scores = []

    def watch(time: FrameTimecode, small: np.ndarray) -> None:
        theirs.process_frame(time, small)
        scores.append(theirs._frame_score)

    seen = look_at_all(path, opening=OPENING, watch=watch)
    assert [look.score for look in seen.looks] == pytest.approx(scores, rel=1e-12)


B_FRAMES = {"preset": "medium", "x264-params": "b-adapt=0:bframes=3:scenecut=0:keyint=250"}


def cuts(path: Path, **options: Any) -> list[int]:
    return content_cuts(str(path), threshold=27.0, min_scene_length_frames=15, opening=OPENING, **options)[1]


def test_a_cut_between_two_referenced_pictures_is_found(tmp_path: Path) -> None:
    """Cuts at every position of a group of B-frames, which the first pass does not decode."""
    for shift in range(4):
        path = write_video(tmp_path / f"{shift}.mp4", scenes(20 + shift, 30, 25), codec_options=B_FRAMES)
        times = presentation_times(path)
        assert cuts(path) == [times[20 + shift], times[50 + shift]] == cuts(path, every_frame=True)


def test_one_flash_in_a_skipped_picture_is_found(tmp_path: Path) -> None:
    """Its neighbours are alike: only the bytes it takes tell of it."""
    for shift in range(4):
        pictures = [noise(1)] * 80
        pictures[40 + shift] = noise(2)
        path = write_video(tmp_path / f"{shift}.mp4", pictures, codec_options=B_FRAMES)
        assert cuts(path) == cuts(path, every_frame=True) == [presentation_times(path)[40 + shift]]


def test_skipped_pictures_are_not_decoded(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", scenes(60, 60), codec_options=B_FRAMES)
    seen, _ = content_cuts(str(path), threshold=27.0, min_scene_length_frames=15, opening=OPENING)
    assert len(seen.times) == 120
    assert len(seen.looks) < 70


def test_films_of_every_kind_have_the_cuts_of_a_look_at_every_picture(tmp_path: Path) -> None:
    """Random scenes, flashes, fades and noise in codecs with B-frames."""
    codecs = [("libx264", {"preset": "medium"}), ("mpeg4", {"bf": "2"}), ("libx264", {"preset": "medium", "bf": "8"})]
    for seed in range(6):
        codec, options = codecs[seed % 3]
        path = write_video(tmp_path / f"{seed}.mkv", _film(seed), codec=codec, codec_options=options)
        assert cuts(path) == cuts(path, every_frame=True), seed


def _film(seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    pictures: list[np.ndarray] = []
    while len(pictures) < 200:
        scene, length = noise(int(rng.integers(1 << 30))), int(rng.choice([1, 3, 8, 16, 30, 60]))
        speed, grain = int(rng.choice([0, 1, 4])), int(rng.choice([0, 8]))
        for i in range(length):
            moved = np.roll(scene, speed * i, axis=1).astype(int) + rng.integers(-grain, grain + 1, scene.shape)
            pictures.append(np.clip(moved, 16, 235).astype(np.uint8))
        if rng.random() < 0.3:
            pictures += [noise(int(rng.integers(1 << 30))), *[scene] * 10]
    return pictures[:200]


@pytest.mark.parametrize("splitter", sorted(SPLITTERS.keys() - {"transnetv2"}))
def test_every_splitter_finds_plain_cuts_or_fades(tmp_path: Path, splitter: str) -> None:
    black = [grey(0)] * 20
    path = str(write_video(tmp_path / "v.mp4", [*scenes(40, 40), *black, *[noise(9)] * 40]))
    clips = split(path, splitter=splitter, threshold=THRESHOLDS.get(splitter, 27.0))
    starts = [clip["start_seconds"] for clip in clips]
    expected = [0.0, 3.6] if splitter == "pyscenedetect_threshold" else [0.0, 1.6, 3.2, 4.0]
    assert starts == pytest.approx(expected, abs=0.05)
    assert all(a["end_pts"] == b["start_pts"] for a, b in pairwise(clips))


def test_pyscenedetect_itself_has_the_same_cuts(tmp_path: Path) -> None:
    path = str(write_video(tmp_path / "v.mp4", _film(7), codec_options={"preset": "medium"}))
    ours, theirs = split(path), split(path, splitter="pyscenedetect_content")
    assert [(c["start_pts"], c["end_pts"]) for c in ours] == [(c["start_pts"], c["end_pts"]) for c in theirs]
    assert len(ours) > 3


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
