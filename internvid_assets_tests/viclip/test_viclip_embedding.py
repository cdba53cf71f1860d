"""A checkpoint as vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from internvid_assets import viclip  # noqa: E402
from internvid_assets.models.viclip.checkpoint import save_viclip  # noqa: E402
from internvid_assets.models.viclip.embedding import load_embedding  # noqa: E402
from internvid_assets.models.viclip.tokens import keep_words  # noqa: E402
from internvid_assets.viclip.clip_weights import viclip_of_clip  # noqa: E402

SAMPLE_CLIP = Path(viclip.__file__).parents[1] / "sample_world" / "weights" / "clip"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """What training on the sample world begins with: it knows its things, and nothing of time."""
    folder = tmp_path_factory.mktemp("checkpoint")
    save_viclip(viclip_of_clip(SAMPLE_CLIP), folder)
    keep_words(str(SAMPLE_CLIP), folder)
    return folder


def videos(count: int) -> list[list[np.ndarray]]:
    """Of one to so many pictures of several sizes."""
    rng = np.random.default_rng(0)
    return [[rng.integers(0, 256, (20 + n, 30, 3), dtype=np.uint8) for _ in range(1 + n)] for n in range(count)]


def test_vectors_are_those_of_one_by_one(checkpoint):
    embedding = load_embedding(checkpoint)
    together = embedding.embed_videos(videos(10))
    alone = np.concatenate([embedding.embed_videos([video]) for video in videos(10)])
    assert together.shape == (10, 128) and together.dtype == np.float32
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    texts = embedding.embed_texts(["a red ball!", "A red ball", "a blue cross"])
    np.testing.assert_allclose(texts[0], texts[1], atol=1e-6)
    assert texts[0] @ texts[2] < 0.999
    assert embedding.embed_videos([]).shape == embedding.embed_texts([]).shape == (0, 128)
