"""What everybody promises who embeds clips and captions, on real architectures, saved to disk and loaded from there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_models import viclip

torch = pytest.importorskip("torch")

from test_transformers_adapters import clip  # noqa: E402

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.clip_videos import MeanOfPictures  # noqa: E402
from internvid_assets.models.loaded import Models  # noqa: E402
from internvid_assets.models.profiles import model_specs  # noqa: E402
from internvid_assets.models.transformers_clip import TransformersClip  # noqa: E402
from internvid_assets.models.viclip.embedding import ViclipEmbedding  # noqa: E402

MADE = {"clip": clip, "viclip": viclip}
TEXTS = ["a red ball", "A cat sits, left!", "cat", "left " * 40]


def models(adapter: str, folder: str) -> Models:
    return Models(model_specs("sample", {"video_embedder": {"adapter": adapter, "name": folder}}))


@pytest.fixture(scope="module", params=MADE)
def embedder(request, tmp_path_factory):
    return models(request.param, MADE[request.param](tmp_path_factory.mktemp("models"))).video_embedder


@pytest.fixture(scope="module")
def videos() -> list[list[np.ndarray]]:
    """8 pictures, a single one, 8 of another size, 3; then more than one batch of them."""
    rng = np.random.default_rng(0)
    sizes = [(8, 40, 60), (1, 32, 32), (8, 64, 36), (3, 50, 50), *[(2, 20 + n, 40) for n in range(9)]]
    return [list(rng.integers(256, size=(*size, 3), dtype=np.uint8)) for size in sizes]


def test_unit_vectors_of_videos_and_texts_in_one_space(embedder, videos):
    of_videos, of_texts = embedder.embed_videos(iter(videos)), embedder.embed_texts(TEXTS)
    assert of_videos.shape == (len(videos), of_texts.shape[1]) and of_texts.shape[0] == len(TEXTS)
    assert of_videos.dtype == of_texts.dtype == np.float32
    for vectors in (of_videos, of_texts):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        assert np.ptp(vectors, axis=0).max() > 1e-3, "whatever it sees, it says the same"
    assert embedder.embed_videos([]).shape == embedder.embed_texts([]).shape == (0, of_texts.shape[1])


def test_a_vector_depends_on_its_video_alone(embedder, videos):
    together = embedder.embed_videos(videos)
    assert np.array_equal(together, embedder.embed_videos(videos)), "asked twice"
    np.testing.assert_allclose(embedder.embed_videos(videos[::-1])[::-1], together, atol=1e-5)
    alone = np.concatenate([embedder.embed_videos([video]) for video in videos])
    np.testing.assert_allclose(alone, together, atol=1e-5)
    in_threes = {MeanOfPictures: _clip_in_threes, ViclipEmbedding: _viclip_in_threes}[type(embedder)](embedder)
    np.testing.assert_allclose(in_threes.embed_videos(videos), together, atol=1e-5)


def _clip_in_threes(embedder: MeanOfPictures) -> MeanOfPictures:
    own = embedder.embedder
    assert isinstance(own, TransformersClip)
    return MeanOfPictures(TransformersClip(own.model, own.processor, batch_size=3))


def _viclip_in_threes(embedder: ViclipEmbedding) -> ViclipEmbedding:
    return ViclipEmbedding(embedder.model, embedder.words, videos_per_batch=3, texts_per_batch=3)


def test_a_text_depends_on_no_other(embedder):
    alone = np.concatenate([embedder.embed_texts([text]) for text in TEXTS])
    np.testing.assert_allclose(alone, embedder.embed_texts(TEXTS), atol=1e-5)


def test_a_clip_has_a_mean_and_no_order_and_a_viclip_sees_one(tmp_path, videos):
    """Pictures in another order are another video to who sees them at once."""
    frames = videos[0]
    for adapter, sees_order in {"clip": False, "viclip": True}.items():
        embedder = models(adapter, MADE[adapter](tmp_path / adapter)).video_embedder
        forth, back = embedder.embed_videos([frames, frames[::-1]])
        assert (abs(forth - back).max() > 1e-3) == sees_order, adapter


def test_without_a_name_it_is_the_embedder_of_pictures_under_another_loader():
    specs = model_specs("sample")
    assert specs["video_embedder"].identity == specs["embedder"].identity
    own = Models(specs).video_embedder
    assert isinstance(own, MeanOfPictures) and own.embedder is Models(specs).embedder


def test_it_alone_is_another_model(tmp_path):
    """Cuts, clip_scores and what training begins with stand on the embedder of pictures, which stays."""
    changed = models("viclip", viclip(tmp_path / "step-00000007")).specs
    assert {name for name, spec in changed.items() if spec != model_specs("sample")[name]} == {"video_embedder"}


@pytest.mark.parametrize(
    ("adapter", "wrong", "told"),
    [
        ("viclip", clip, "lacks vision_encoder.conv1.weight; expected a ViCLIP checkpoint"),
        ("clip", viclip, "cannot load"),
        ("umt", viclip, "models.video_embedder.adapter is 'umt': expected one of clip, viclip"),
    ],
)
def test_another_model_than_the_adapters_is_refused_on_one_line(adapter, wrong, told, tmp_path: Path):
    folder = wrong(tmp_path / "model")
    with pytest.raises(UserError) as caught:
        _ = models(adapter, folder).video_embedder
    assert told in str(caught.value) and "\n" not in str(caught.value)
