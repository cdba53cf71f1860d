"""internvid caption and recaption: the modes tried on one video, nothing remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from console import files


@pytest.fixture
def video(world: Path) -> Path:
    return next((world / "sports").glob("*.mp4"))


def captioned(internvid, video: Path, *arguments: str) -> list[dict]:
    done = internvid("caption", str(video), *arguments, "--format", "json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_sliding_tells_of_each_keyframe_and_of_the_video(internvid, video, finished):
    before = list(files(finished))
    *keyframes, whole = captioned(internvid, video)
    assert [row["of"] for row in keyframes] == [f"keyframe {number}" for number in range(len(keyframes))]
    seconds = [row["seconds"] for row in keyframes]
    assert len(seconds) > 1 and seconds == sorted(set(seconds))
    assert "; now a" in keyframes[1]["caption"] and " background" in whole["caption"] and whole["of"] == "video"
    assert list(files(finished)) == before, "nothing is remembered"


def test_fast_tells_of_the_video_alone(internvid, video):
    (strip,) = captioned(internvid, video, "--mode", "fast")
    (grid,) = captioned(internvid, video, "--mode", "fast", "--set", "dense_captions.layout=grid")
    assert strip["of"] == "video" and " background" in strip["caption"] and " background" in grid["caption"]


def test_what_is_no_video_and_who_cannot_recaption_say_so_on_one_line(internvid, tmp_path):
    (tmp_path / "notes.txt").write_text("no video")
    for arguments, told in [
        (("caption", str(tmp_path / "none.mp4")), "no such file"),
        (("caption", str(tmp_path / "notes.txt")), "cannot be read as a video (not_a_video"),
        (("recaption", "a dog"), "unknown_instruction: the sample world's models"),
    ]:
        done = internvid(*arguments)
        assert done.exit_code == 1 and told in done.stderr and done.stderr.count("\n") == 1
