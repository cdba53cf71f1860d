"""internvid classify: a video's action among some, by a checkpoint that is named or the home's own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from console import run_here

from internvid_assets import viclip
from internvid_assets.models.viclip.checkpoint import save_viclip
from internvid_assets.models.viclip.tokens import keep_words
from internvid_assets.sample_world import scenes
from internvid_assets.sample_world.drawing import draw
from internvid_assets.viclip.clip_weights import viclip_of_clip

SAMPLE_CLIP = Path(viclip.__file__).parents[1] / "sample_world" / "weights" / "clip"
FPS = 10


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """What training on the sample world begins with."""
    folder = tmp_path_factory.mktemp("checkpoint")
    save_viclip(viclip_of_clip(SAMPLE_CLIP), folder)
    keep_words(str(SAMPLE_CLIP), folder)
    return folder


@pytest.fixture(scope="module")
def told() -> list[scenes.Scene]:
    """Four scenes; no two captions are alike."""
    rng = np.random.default_rng(5)
    found = [scenes.random_scene(rng) for _ in range(4)]
    assert len({scenes.clip_caption(scene) for scene in found}) == 4
    return found


@pytest.fixture(scope="module")
def video(told, tmp_path_factory) -> Path:
    """The first scene, whole."""
    import av

    path = tmp_path_factory.mktemp("video") / "scene.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(int(told[0].duration_seconds * FPS)):
            frame = av.VideoFrame.from_ndarray(draw(told[0], number / FPS, 320, 180), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_a_video_is_what_its_caption_says(video, told, checkpoint, tmp_path):
    captions = [scenes.clip_caption(scene) for scene in told]
    asked = ["--labels", ",".join(reversed(captions)), "--model", checkpoint, "--format", "json"]
    done = run_here("classify", video, *asked, home=tmp_path)
    assert done.exit_code == 0, done.stderr
    rows = json.loads(done.stdout)
    assert rows[0]["label"] == captions[0] and {row["label"] for row in rows} == set(captions)
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True) and -1 <= scores[-1] < scores[0] <= 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["absent.mp4", "--labels", "a,b"], "absent.mp4: no such file; give a video"),
        ([__file__, "--labels", "a"], "--labels a: expected two or more, separated by commas"),
        ([__file__, "--labels", "a,b"], "no checkpoint viclip_checkpoint of internvid_10m; run: internvid"),
        (
            [__file__, "--labels", "a,b", "--templates", "none"],
            "templates 'none': expected bare, paper, plain, sample_world, or a file",
        ),
    ],
)
def test_what_cannot_be_asked(arguments, told, tmp_path):
    done = run_here("classify", *arguments, home=tmp_path)
    assert done.exit_code == 1 and told in done.stderr and done.stderr.strip().count("\n") == 0


def test_a_file_that_is_no_video(checkpoint, tmp_path):
    done = run_here("classify", __file__, "--labels", "a,b", "--model", checkpoint, home=tmp_path)
    assert done.exit_code == 1 and "cannot be read as a video" in done.stderr
