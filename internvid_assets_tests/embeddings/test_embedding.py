"""Vectors of clips as calls: a model that overflows on one of them spoils that one alone."""

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
from internvid_assets.embeddings.embedding import embed_clips
from internvid_assets.media.frames import FrameStore
from internvid_assets.models.loaded import Models
from internvid_assets.models.profiles import model_specs
from internvid_assets.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))  # for tiny_models


def overflowing(folder: Path) -> str:
    """A CLIP to which the word "cat" is no number, as an activation beyond half precision would be."""
    from tiny_models import SQUARE, TEXT, VISION, WORDS, saved, tokenizer
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    model = CLIPModel(CLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=8))
    model.text_model.embeddings.token_embedding.weight.data[WORDS.index("cat")] = float("nan")
    return saved((model, CLIPProcessor(CLIPImageProcessorPil(**SQUARE), tokenizer())), folder)


def test_vectors_that_are_no_numbers_are_the_failure_of_their_clip(tmp_path):
    frames = FrameStore(tmp_path / "frames")
    frames.put({"red": cv2.imencode(".jpg", np.full((64, 96, 3), (0, 0, 255), np.uint8))[1].tobytes()})
    models = Models(model_specs("sample", {"embedder": {"name": overflowing(tmp_path / "clip")}}))
    rows = pl.DataFrame({"frame_hashes": [["red"]] * 3, "caption": ["a red ball", "a cat", "a ball"]})
    first, failed, last = embed_clips(Bench(Settings(home=tmp_path), None, models, frames, LocalEngine(1)))(rows)
    assert isinstance(failed, CallError) and failed.code == "not_a_number"
    for told in (first, last):
        vectors = np.array([told["video_embedding"], told["caption_embedding"]])
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
