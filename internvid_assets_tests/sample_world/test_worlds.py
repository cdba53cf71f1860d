"""Sample worlds: the files are what `truth.jsonl` says, frame by frame, and the same every time."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from internvid_assets.cells.errors import UserError
from internvid_assets.sample_world.plans import CLEAR_CUT_SCORE, FAINT_CUT_SCORE, VideoPlan, plan_video
from internvid_assets.sample_world.scenes import SHORTEST_SCENE_SECONDS
from internvid_assets.sample_world.world import WorldSummary, generate
from internvid_assets.tables import CATEGORIES

SEED = 48
"""Its first eight videos hold MP4, MKV and WebM, variable rates in two containers, and every oddity."""
VIDEOS = 8


@dataclass
class Decoded:
    """What a decoder and PySceneDetect's detector find in a file."""

    truth: dict[str, Any]
    codecs: list[str]
    size: tuple[int, int]
    seconds: list[Fraction] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    """Mean change of each frame from the one before, in grey levels."""


@dataclass
class World:
    folder: Path
    summary: WorldSummary
    progress: list[tuple[int, int]]
    truths: list[dict[str, Any]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world") / "sample"
    progress: list[tuple[int, int]] = []
    summary = generate(
        videos=VIDEOS, seed=SEED, to=folder, workers=2, progress=lambda done, total: progress.append((done, total))
    )
    lines = (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    return World(folder, summary, progress, [json.loads(line) for line in lines])


@pytest.fixture(scope="module")
def decoded(world: World) -> list[Decoded]:
    return [decode(world.folder, truth) for truth in world.truths]


@pytest.fixture(scope="module")
def plans() -> list[VideoPlan]:
    return [plan_video(SEED, index) for index in range(16)]


def decode(folder: Path, truth: dict[str, Any]) -> Decoded:
    import av
    import cv2
    from scenedetect import ContentDetector, FrameTimecode

    detector, last = ContentDetector(threshold=27), None
    with av.open(str(folder / truth["path"])) as container:
        video = container.streams.video[0]
        codecs = [stream.codec_context.name for stream in container.streams]
        found = Decoded(truth, codecs, (video.width, video.height))
        for number, frame in enumerate(container.decode(video)):
            found.seconds.append(frame.pts * frame.time_base)
            small = cv2.resize(frame.to_ndarray(format="bgr24"), (256, 144))
            found.cuts += [cut.frame_num for cut in detector.process_frame(FrameTimecode(number, 24.0), small)]
            grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
            found.changes.append(0.0 if last is None else cv2.norm(grey, last, cv2.NORM_L1) / grey.size)
            last = grey
    return found


def test_the_world_holds_what_was_asked(world: World) -> None:
    assert [truth["video_id"] for truth in world.truths] == [f"sample-{SEED}-{i:05d}" for i in range(VIDEOS)]
    assert [truth["category"] for truth in world.truths] == list(CATEGORIES[:VIDEOS])
    assert {Path(truth["path"]).suffix for truth in world.truths} == {".mp4", ".mkv", ".webm"}
    assert world.progress == [(done, VIDEOS) for done in range(1, VIDEOS + 1)]
    assert world.summary.rendered_videos == VIDEOS
    assert world.summary.frames == sum(truth["frame_count"] for truth in world.truths)
    assert not list(world.folder.rglob(".*.part"))


def test_files_decode_to_the_planned_frames_at_the_planned_times(decoded: list[Decoded]) -> None:
    for index, found in enumerate(decoded):
        plan = plan_video(SEED, index)
        audio = [found.truth["audio_codec"]] if found.truth["audio_codec"] else []
        assert found.seconds == [tick * plan.time_base for tick in plan.ticks[:-1]]
        assert len(found.seconds) == found.truth["frame_count"]
        assert found.size == (found.truth["width"], found.truth["height"])
        assert found.codecs[:1] + [name.removeprefix("lib") for name in found.codecs[1:]] == [
            found.truth["video_codec"],
            *audio,
        ]


def test_variable_frame_rates_vary_and_constant_ones_do_not(decoded: list[Decoded]) -> None:
    for found in decoded:
        gaps = [float(b - a) for a, b in zip(found.seconds[:-1], found.seconds[1:], strict=True)]
        assert (max(gaps) > 1.3 * min(gaps)) == found.truth["is_variable_frame_rate"]


def test_cuts_are_found_exactly(decoded: list[Decoded]) -> None:
    """F1 of 1 at a tolerance of one frame; low-contrast cuts are those the detector is known to miss."""
    for found in decoded:
        truth = found.truth
        pairs = zip(truth["cut_frames"], truth["cut_is_low_contrast"], strict=True)
        clear = [frame for frame, is_low_contrast in pairs if not is_low_contrast]
        assert len(found.cuts) == len(clear), truth["path"]
        assert all(abs(a - b) <= 1 for a, b in zip(found.cuts, clear, strict=True)), truth["path"]


def test_stills_and_flickers_stand_apart_from_what_moves(decoded: list[Decoded]) -> None:
    motion: dict[str, list[float]] = {"normal": [], "still": [], "flicker": [], "low_contrast": []}
    for found in decoded:
        for scene in found.truth["scenes"]:
            inside = found.changes[scene["start_frame"] + 1 : scene["end_frame"]]
            motion[scene["kind"]].append(statistics.fmean(inside))
    moving = motion["normal"] + motion["low_contrast"]
    assert motion["still"]
    assert motion["flicker"]
    assert max(motion["still"]) < 0.05 < 0.12 < min(moving)
    assert max(moving) < 10 < 40 < min(motion["flicker"])


def test_sidecars_speak_of_the_video(world: World) -> None:
    for truth in world.truths:
        video = world.folder / truth["path"]
        info = json.loads(video.with_suffix(".info.json").read_text(encoding="utf-8"))
        first = truth["scenes"][0]
        assert info["id"] == truth["video_id"]
        assert info["language"] == truth["language"]
        assert info["query"] == f"{first['object']} {first['action']}"
        assert {first["object"], first["colour"]} <= set(info["tags"])
        assert len(info["description"].splitlines()) == len(truth["scenes"])
        present = {path.suffixes[-2][1:] for path in video.parent.glob(f"{truth['video_id']}.*.vtt")}
        assert present == set(truth["subtitles"])


def test_subtitles_have_a_cue_inside_every_scene(world: World) -> None:
    said = {"en": r"^An? \w+ ", "zh": r"^一个[一-鿿]+。$", "fr": r"^Une? \w+ "}
    truths = [truth for truth in world.truths if truth["subtitles"]]
    assert truths
    for truth in truths:
        for language, pattern in said.items():
            path = (world.folder / truth["path"]).with_suffix(f".{language}.vtt")
            cues = list(parse_webvtt(path.read_text(encoding="utf-8")))
            assert len(cues) == len(truth["scenes"])
            for (start, end, text), scene in zip(cues, truth["scenes"], strict=True):
                assert scene["start_seconds"] < start < end < scene["end_seconds"]
                assert re.search(pattern, text)


def parse_webvtt(text: str) -> Iterator[tuple[float, float, str]]:
    header, *blocks = text.strip().split("\n\n")
    assert header.startswith("WEBVTT\n")
    for block in blocks:
        times, said = block.split("\n")
        start, end = (in_seconds(clock) for clock in times.split(" --> "))
        yield start, end, said


def in_seconds(clock: str) -> float:
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def test_bytes_depend_on_the_seed_alone(world: World, tmp_path: Path) -> None:
    """MKV, WebM and variable MKV again, in a smaller world and without workers."""
    again = tmp_path / "again"
    generate(videos=3, seed=SEED, to=again, workers=1)
    files = [path.relative_to(again) for path in again.rglob("sample-*") if path.is_file()]
    assert {path.suffix for path in files} >= {".mkv", ".webm", ".json"}
    for path in files:
        assert (again / path).read_bytes() == (world.folder / path).read_bytes(), path
    assert plan_video(SEED + 1, 0) != plan_video(SEED, 0)


def test_an_interrupted_world_is_completed_and_other_folders_are_left_alone(world: World, tmp_path: Path) -> None:
    video = world.folder / world.truths[3]["path"]
    before = video.read_bytes()
    video.unlink()
    assert generate(videos=VIDEOS, seed=SEED, to=world.folder, workers=1).rendered_videos == 1
    assert video.read_bytes() == before
    with pytest.raises(UserError, match="choose another folder"):
        generate(videos=VIDEOS, seed=SEED + 1, to=world.folder)
    (tmp_path / "holiday.mp4").write_bytes(b"mine")
    with pytest.raises(UserError, match="contains other files"):
        generate(videos=1, seed=SEED, to=tmp_path)


def test_plans_keep_their_rules(plans: list[VideoPlan]) -> None:
    assert [plan.category for plan in plans] == list(CATEGORIES)
    assert sum(plan.seconds(plan.frame_count) < 9.5 for plan in plans) == 2
    for plan in plans:
        assert 4 <= plan.seconds(plan.frame_count) <= 40
        assert 2 <= len(plan.shots) <= 8
        assert plan.shots[0].start_frame == 0
        assert plan.shots[-1].end_frame == plan.frame_count
        for before, after in zip(plan.shots[:-1], plan.shots[1:], strict=True):
            assert before.end_frame == after.start_frame
            score = after.cut_score or 0.0
            assert score <= FAINT_CUT_SCORE if after.is_faint_cut else score >= CLEAR_CUT_SCORE
        for shot in plan.shots:
            assert shot.end_frame - shot.start_frame >= 15
            assert shot.scene.duration_seconds >= SHORTEST_SCENE_SECONDS
    kinds = {shot.kind for plan in plans for shot in plan.shots}
    assert kinds == {"normal", "still", "flicker", "low_contrast"}
