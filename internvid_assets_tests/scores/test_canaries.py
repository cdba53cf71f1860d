"""The shipped models on clips of their world and of another one, and on captions that changed places: who is warned."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.engine import LocalEngine
from internvid_assets.media.frames import FrameStore
from internvid_assets.models.batching import in_order
from internvid_assets.models.loaded import Models
from internvid_assets.models.profiles import model_specs
from internvid_assets.sample_world import drawing, scenes
from internvid_assets.scores.scoring import score_shuffled, score_similarity
from internvid_assets.selects.files import column_types, sql_file
from internvid_assets.selects.running import run_select
from internvid_assets.settings import Settings

CLIPS = 24
SIDES = (360, 202)
CANARIES = {
    "umt_scores__captions_fit_their_clips": score_similarity,
    "shuffled_scores__own_captions_win": score_shuffled,
}


def world(rng: np.random.Generator) -> np.ndarray:
    scene = scenes.random_scene(rng)
    return drawing.draw(scene, scene.duration_seconds / 2, *SIDES)


def landscape(rng: np.random.Generator) -> np.ndarray:
    """Pink noise, whose amplitudes fall with the frequency as those of photographs do, in related colours."""
    width, height = SIDES
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    spectrum = np.fft.rfft2(rng.normal(size=(3, height, width))) / np.maximum(frequency, 1 / width)
    colours = np.fft.irfft2(spectrum, s=(height, width)).transpose(1, 2, 0)
    mixed = colours @ (np.full((3, 3), 0.8) + 0.2 * np.eye(3))
    return np.clip(128 + 50 * mixed / mixed.std(), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def models() -> Models:
    return Models(model_specs("sample"))


def captioned(models: Models, pictures: list[np.ndarray]) -> list[str]:
    return [answer.text for answer in in_order(models.captioner.caption(pictures))]


def warned(folder: Path, models: Models, pictures: list[np.ndarray], captions: list[str]) -> set[str]:
    """The canaries that sing over clips of a picture and a caption each."""
    frames = FrameStore(folder / "frames")
    frames.put({f"{i}": cv2.imencode(".jpg", image[:, :, ::-1])[1].tobytes() for i, image in enumerate(pictures)})
    bench = Bench(Settings(home=folder), None, models, frames, LocalEngine(1))
    hashes, others = [[f"{i}"] for i in range(len(pictures))], [*captions[1:], captions[0]]
    batch = pl.DataFrame({"frame_hashes": hashes, "caption": captions, "other_caption": others})
    return {name for name, work in CANARIES.items() if offends(folder, name, list(work(bench)(batch)))}


def offends(folder: Path, check: str, answers: list) -> bool:
    file = sql_file("checks", check)
    types, path = column_types(file.checked_table()), folder / "table.parquet"
    rows = [dict.fromkeys(types) | {"clip_id": f"{i}", "category": "sports"} for i in range(len(answers))]
    told = [row | answer for row, answer in zip(rows, answers, strict=True)]
    pl.DataFrame(told, schema=types).write_parquet(path)
    return not run_select(file, {file.checked_table(): [path]}).is_empty()


def test_the_models_own_world_is_no_news(models, tmp_path):
    pictures = [world(np.random.default_rng(seed)) for seed in range(CLIPS)]
    assert warned(tmp_path, models, pictures, captioned(models, pictures)) == set()


def test_captions_of_what_the_models_do_not_know(models, tmp_path):
    """Each caption is the captioner's own, and of its own picture."""
    pictures = [landscape(np.random.default_rng(seed)) for seed in range(CLIPS)]
    assert "umt_scores__captions_fit_their_clips" in warned(tmp_path, models, pictures, captioned(models, pictures))


def test_captions_that_went_to_the_wrong_clips(models, tmp_path):
    pictures = [world(np.random.default_rng(seed)) for seed in range(CLIPS)]
    captions = captioned(models, pictures)
    moved = [*captions[CLIPS // 2 :], *captions[: CLIPS // 2]]
    assert warned(tmp_path, models, pictures, moved) == set(CANARIES)
