"""The vector of a user's picture or video is the one that a clip of the same pictures would have."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.errors import UserError
from internvid_assets.clips.frames import frame_options, sample_frames
from internvid_assets.clips.splitters import split
from internvid_assets.embeddings.likeness import jpegs_of, vector_of_file
from internvid_assets.models.loaded import Models
from internvid_assets.models.profiles import model_specs
from internvid_assets.settings import Settings, load_settings

SETTINGS = Settings()
OPTIONS = frame_options(SETTINGS)


@pytest.fixture(scope="module")
def embedder():
    return Models(model_specs("sample")).video_embedder


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    with closing(LocalEngine(1, preload=("av", "cv2", "numpy"))) as engine:
        yield engine


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from internvid_assets.sample_world.plans import plan_video
    from internvid_assets.sample_world.world import render

    folder = tmp_path_factory.mktemp("world")
    plan = plan_video(0, 11)
    render(plan, folder)
    (path,) = [path for path in (folder / plan.category).iterdir() if path.suffix in {".mp4", ".mkv", ".webm"}]
    return path


def test_a_video_is_looked_at_in_its_8_uniform_frames(video: Path):
    spans = split(str(video))
    whole = (spans[0]["start_pts"], spans[-1]["end_pts"])
    (rows,) = sample_frames(str(video), [whole])
    assert isinstance(rows, list)
    expected = [row["jpeg"] for row in rows if row["uniform_8"] is not None]
    assert len(expected) == 8 and jpegs_of(str(video), **OPTIONS) == expected


def test_vectors_are_of_unit_length_and_a_picture_of_a_video_is_like_it(video: Path, embedder, engine, tmp_path: Path):
    picture = tmp_path / "frame.png"
    Image.open(io.BytesIO(jpegs_of(str(video), **OPTIONS)[0])).save(picture)
    vectors = [vector_of_file(path, embedder, SETTINGS, engine) for path in (video, picture)]
    assert [np.linalg.norm(vector) for vector in vectors] == pytest.approx([1, 1], abs=1e-5)
    grey = tmp_path / "grey.jpg"
    Image.new("L", (640, 480), 128).save(grey)
    assert vectors[0] @ vectors[1] > vectors[0] @ vector_of_file(grey, embedder, SETTINGS, engine) + 0.1


def test_a_large_picture_is_made_as_small_as_the_clips_are_and_set_upright(tmp_path: Path):
    path = tmp_path / "photo.jpg"
    rotated = Image.Exif()
    rotated[0x0112] = 6  # to be turned by 90 degrees
    Image.new("RGB", (1600, 800), "red").save(path, exif=rotated)
    (jpeg,) = jpegs_of(str(path), **OPTIONS)
    assert Image.open(io.BytesIO(jpeg)).size == (256, 512)


@pytest.mark.parametrize("name", ["photo.jpg", "video"])
def test_a_file_is_taken_as_settings_want_the_pictures_of_clips(name: str, video: Path, tmp_path: Path):
    """`[clip_frames]`: another size and quality would give another vector than a clip of the same pictures has."""
    path = video if name == "video" else tmp_path / name
    if name != "video":
        noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
        Image.fromarray(noise).save(path)
    settings = load_settings(["clip_frames.short_side_pixels=64", "clip_frames.jpeg_quality=50"])
    jpegs, fine = jpegs_of(str(path), **frame_options(settings)), {**frame_options(settings), "jpeg_quality": 95}
    assert {min(Image.open(io.BytesIO(jpeg)).size) for jpeg in jpegs} == {64}
    assert sum(map(len, jpegs)) < sum(map(len, jpegs_of(str(path), **fine)))


@pytest.mark.parametrize("name", ["photo.jpg", "video"])
def test_no_more_pixels_are_decoded_than_settings_allow(name: str, video: Path, embedder, engine, tmp_path: Path):
    path = video if name == "video" else tmp_path / name
    if name != "video":
        Image.new("L", (100, 100)).save(path)
    with pytest.raises(UserError, match=r"too_many_pixels: .* at most 9999 pixels"):
        vector_of_file(path, embedder, load_settings(["videos.max_pixels=9999"]), engine)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\xff\xd8\xff\xe0 a JPEG's beginning"])
def test_what_is_neither_is_told_on_one_line(content: bytes, embedder, engine, tmp_path: Path):
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"broken\.jpg can be read neither as an image nor as a video \(.+\)") as told:
        vector_of_file(path, embedder, SETTINGS, engine)
    assert "\n" not in str(told.value)


def test_a_picture_cut_short_is_told_too(embedder, engine, tmp_path: Path):
    path = tmp_path / "short.png"
    whole = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(whole, "PNG")
    path.write_bytes(whole.getvalue()[:5000])
    with pytest.raises(UserError, match=r"short\.png can be read neither"):
        vector_of_file(path, embedder, SETTINGS, engine)
