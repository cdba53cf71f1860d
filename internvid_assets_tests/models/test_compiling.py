"""Compiled encoders answer as they did before, in batches of any size, and are compiled a few times only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from test_scorers import umt  # noqa: E402
from test_transformers_adapters import clip  # noqa: E402
from tiny_models import CAPTIONERS, saved, viclip  # noqa: E402

from internvid_assets.models.batching import in_order  # noqa: E402
from internvid_assets.models.transformers_captioner import load_captioner  # noqa: E402
from internvid_assets.models.transformers_clip import TransformersClip, load_embedder  # noqa: E402
from internvid_assets.models.transformers_loading import PICTURE_ENCODERS, compile_encoders  # noqa: E402
from internvid_assets.models.viclip import embedding  # noqa: E402

SIZES = (5, 3, 1, 4, 2)


@pytest.fixture(autouse=True)
def forget_compilations():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


class Backend:
    """Runs what it is given to compile as it is, and counts."""

    def __init__(self) -> None:
        self.graphs = 0

    def __call__(self, graph: Any, inputs: Any) -> Callable:
        self.graphs += 1
        return graph.forward


def pictures(count: int) -> list[np.ndarray]:
    return list(np.random.default_rng(1).integers(256, size=(count, 40, 60, 3), dtype=np.uint8))


def embedder(folder) -> TransformersClip:
    return load_embedder(clip(folder), "any")


def video_embedder(folder) -> embedding.ViclipEmbedding:
    return embedding.load_embedder(viclip(folder), "any", tokenizer=str(folder))


EMBED = {
    embedder: lambda answering, pictures: answering.embed_images(pictures),
    umt: lambda answering, pictures: answering.embed_clips([pictures])[0],
    video_embedder: lambda answering, pictures: answering.embed_videos([[picture] for picture in pictures]),
}


@pytest.mark.parametrize(("make", "most"), [(embedder, 3), (umt, 4), (video_embedder, 3)])
def test_a_few_compilations_answer_every_batch_size(make, most, tmp_path):
    answering, backend = make(tmp_path), Backend()
    embed = partial(EMBED[make], answering)
    before = [embed(pictures(size)) for size in SIZES]
    compile_encoders(answering.model, backend)
    for size, vectors in zip(SIZES, before, strict=True):
        assert embed(pictures(size)) == pytest.approx(vectors, abs=1e-5)
    assert 1 <= backend.graphs <= most < len(SIZES)


@pytest.mark.parametrize("kind", CAPTIONERS)
def test_captions_stay_the_same(kind, tmp_path):
    captioner, backend = load_captioner(saved(CAPTIONERS[kind](), tmp_path), "any"), Backend()
    before = in_order(captioner.caption(pictures(3), max_new_tokens=5))
    compile_encoders(captioner.model, backend)
    after = in_order(captioner.caption(pictures(3), max_new_tokens=5))
    assert [answer.text for answer in after] == [answer.text for answer in before]
    assert backend.graphs


def test_on_a_cpu_nothing_is_compiled(tmp_path):
    modules = dict(embedder(tmp_path).model.named_modules())
    encoders = [modules[name] for name in PICTURE_ENCODERS & modules.keys()]
    assert encoders and all(one._compiled_call_impl is None for one in encoders)


@pytest.mark.slow
def test_machine_code_answers_alike(tmp_path):
    compiled = embedder(tmp_path)
    before = compiled.embed_images(pictures(5))
    compile_encoders(compiled.model)
    assert compiled.embed_images(pictures(5)) == pytest.approx(before, abs=1e-5)
