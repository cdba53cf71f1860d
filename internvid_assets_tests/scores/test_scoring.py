"""Scores as calls over stored frames: every row is answered, by a score or by a reason."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.errors import CallError
from internvid_assets.media.frames import FrameStore
from internvid_assets.models.loaded import Models
from internvid_assets.models.profiles import model_specs
from internvid_assets.scores.safety import score_safety
from internvid_assets.scores.scoring import score_aesthetics, score_shuffled, score_similarity, unless_unusable
from internvid_assets.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))  # for test_frame_scorers
COLOURS = {"red": (0, 0, 255), "blue": (255, 0, 0), "green": (0, 255, 0)}
ROWS = pl.DataFrame(
    {
        "frame_hashes": [["red", "blue", "green"], ["blue"], []],
        "caption": ["a red ball rises", "a blue cross spins", "a ball"],
        "other_caption": ["a blue cross spins", "a ball", "a red ball rises"],
    }
)


def bench(folder: Path, overrides: dict | None = None) -> Bench:
    """The sample profile over three frames."""
    frames = FrameStore(folder / "frames")
    pictures = {name: np.full((64, 96, 3), colour, np.uint8) for name, colour in COLOURS.items()}
    frames.put({name: cv2.imencode(".jpg", picture)[1].tobytes() for name, picture in pictures.items()})
    models = Models(model_specs("sample", overrides))
    return Bench(Settings(home=folder), None, models, frames, LocalEngine(1))


def test_a_clip_without_frames_is_a_row_with_a_reason_and_the_others_are_scored(tmp_path):
    for score, column in (
        (score_aesthetics, "aesthetic_score"),
        (score_similarity, "umt_score"),
        (score_shuffled, "own_score"),
    ):
        first, second, none = score(bench(tmp_path))(ROWS)
        assert np.isfinite([first[column], second[column]]).all()
        assert first["model"] == second["model"] and "@" in first["model"]
        assert isinstance(none, CallError) and none.code == "no_frames"


def test_each_frames_score_is_kept_and_the_clips_is_made_of_them(tmp_path):
    aesthetic, _, _ = score_aesthetics(bench(tmp_path))(ROWS)
    assert aesthetic["aesthetic_score"] == max(aesthetic["frame_scores"]) and len(aesthetic["frame_scores"]) == 3
    similar, _, _ = score_similarity(bench(tmp_path))(ROWS)
    assert similar["umt_score"] == pytest.approx(np.mean(similar["frame_scores"])) and len(similar["frame_scores"]) == 3


def test_the_own_score_of_a_pair_is_the_clips_score(tmp_path):
    similar, paired = (score(bench(tmp_path))(ROWS)[0] for score in (score_similarity, score_shuffled))
    assert paired["own_score"] == pytest.approx(similar["umt_score"], abs=1e-6)
    assert paired["shuffled_score"] != pytest.approx(paired["own_score"], abs=1e-3)


@pytest.mark.parametrize(("scores", "code"), [([], "no_frames"), ([0.5, np.nan], "not_a_number"), ([0.5], None)])
def test_what_is_no_score_has_a_reason(scores, code):
    failure = unless_unusable(np.array(scores))
    assert (failure.code if failure else None) == code


def test_safety_has_rows_only_where_a_model_is_named(tmp_path):
    assert score_safety(bench(tmp_path))(ROWS) == [[], [], []]


def test_safety_by_one_model_leaves_the_other_null(tmp_path):
    from test_frame_scorers import classifier

    folder = classifier(tmp_path / "classifier", ("normal", "nsfw"))
    first, second, none = score_safety(bench(tmp_path, {"nsfw": {"name": folder}}))(ROWS)
    assert set(first) == {"nsfw", "nsfw_of_frames"}
    assert first["nsfw"] == max(first["nsfw_of_frames"]) and len(first["nsfw_of_frames"]) == 3
    assert second["nsfw"] == pytest.approx(first["nsfw_of_frames"][1], abs=1e-6)
    assert isinstance(none, CallError) and none.code == "no_frames"
