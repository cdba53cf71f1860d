"""Every adapter on real architectures of transformers, tiny and untrained: order, batches, scores, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tiny_models import SQUARE, TEXT, VISION, WORDS, saved, tokenizer

torch = pytest.importorskip("torch")

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.batching import in_order  # noqa: E402
from internvid_assets.models.clip_similarity import ClipSimilarity  # noqa: E402
from internvid_assets.models.loaded import Models  # noqa: E402
from internvid_assets.models.specs import resolve  # noqa: E402
from internvid_assets.models.transformers_aesthetics import read_head  # noqa: E402
from internvid_assets.models.transformers_clip import TransformersClip, load_embedder  # noqa: E402
from internvid_assets.models.transformers_decoding import mean_log_probability  # noqa: E402
from internvid_assets.models.transformers_language import (  # noqa: E402
    TransformersLanguageModel,
    load_language_model,
)


@pytest.fixture
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    sizes = [(40, 60), (32, 32), (64, 36), (36, 64), (50, 50)]
    return [np.full((h, w, 3), rng.integers(256, size=3), np.uint8) for h, w in sizes]


def test_the_log_probability_is_the_mean_up_to_the_first_end():
    end = 3
    probabilities = torch.full((2, 3, 4), 0.1)
    tokens = torch.tensor([[1, end, 0], [1, 2, 1]])
    for row, chosen in enumerate(tokens.tolist()):
        for step, token in enumerate(chosen):
            probabilities[row, step, token] = 0.7
    scores = mean_log_probability(probabilities.log(), tokens, torch.tensor([end]))
    assert scores.tolist() == pytest.approx([math.log(0.7)] * 2)
    probabilities[0, 2, 0] = 1e-9  # padding after the end does not count
    assert mean_log_probability(probabilities.log(), tokens, torch.tensor([end]))[0] == pytest.approx(math.log(0.7))


def language_model(folder) -> str:
    from transformers import T5Config, T5ForConditionalGeneration

    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2, "initializer_factor": 10.0}
    config = T5Config(vocab_size=len(WORDS), decoder_start_token_id=0, pad_token_id=0, eos_token_id=3, **sizes)
    return saved((T5ForConditionalGeneration(config), tokenizer(starts=False)), folder)


def test_answers_come_in_the_order_of_the_prompts_whatever_the_batch(tmp_path):
    torch.manual_seed(0)
    model = load_language_model(language_model(tmp_path), "any")
    prompts = ["a red ball", "cat", "left left left left right", "a cat sits", "ball " * 40, "right"]
    answers = in_order(model.generate(prompts, max_new_tokens=6))
    assert len({answer.text for answer in answers}) > 1
    alone = [in_order(model.generate([prompt], max_new_tokens=6))[0] for prompt in prompts]
    in_twos = TransformersLanguageModel(model.model, model.tokenizer, batch_size=2)
    for others in (alone, in_order(in_twos.generate(prompts, max_new_tokens=6))):
        assert [answer.text for answer in others] == [answer.text for answer in answers]
        known = [answer.log_probability for answer in answers]
        assert [answer.log_probability for answer in others] == pytest.approx(known, abs=1e-4)
        assert max(known) <= 0 and min(known) < 0
    assert in_order(model.generate([])) == []


def clip(folder) -> str:
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    config = CLIPConfig(
        text_config={**TEXT, "max_position_embeddings": 16},
        vision_config={k: v for k, v in VISION.items() if k != "initializer_range"},
        projection_dim=8,
    )
    return saved((CLIPModel(config), CLIPProcessor(CLIPImageProcessorPil(**SQUARE), tokenizer())), folder)


def test_vectors_are_of_unit_length_and_do_not_depend_on_their_batch(tmp_path, pictures):
    embedder = load_embedder(clip(tmp_path), "any")
    texts = ["a red ball", "cat", "right", "left " * 40]
    images, words = embedder.embed_images(pictures), embedder.embed_texts(texts)
    assert images.dtype == words.dtype == np.float32
    assert images.shape == (5, 8)
    assert words.shape == (4, 8)
    assert np.linalg.norm(images, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(words, axis=1) == pytest.approx(1, abs=1e-5)
    one_by_one = TransformersClip(embedder.model, embedder.processor, batch_size=1)
    assert one_by_one.embed_images(pictures) == pytest.approx(images, abs=1e-5)
    assert one_by_one.embed_texts(texts) == pytest.approx(words, abs=1e-5)
    assert embedder.embed_images([]).shape == embedder.embed_texts([]).shape == (0, 8)


def test_similarity_is_the_cosine_of_each_frame_with_each_of_its_captions(tmp_path, pictures):
    embedder = load_embedder(clip(tmp_path), "any")
    frames, captions = [pictures[:2], pictures[2:]], [["a red ball", "a cat sits"], ["a cat sits"]]
    cosines = ClipSimilarity(embedder).similarity(frames, captions)
    assert [row.shape for row in cosines] == [(2, 2), (3, 1)]
    for row, clip_frames, texts in zip(cosines, frames, captions, strict=True):
        expected = embedder.embed_images(clip_frames) @ embedder.embed_texts(texts).T
        assert row == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_aesthetics_are_a_linear_head_on_unit_vectors(suffix, tmp_path, pictures):
    from safetensors.torch import save_file

    folder, head = clip(tmp_path / "clip"), tmp_path / f"head{suffix}"
    tensors = {"weight": torch.arange(8.0)[None], "bias": torch.tensor([5.0])}
    save_file(tensors, head) if suffix == ".safetensors" else torch.save(tensors, head)
    from internvid_assets.models.transformers_aesthetics import load_aesthetics

    scores = load_aesthetics(folder, "any+head", head=str(head)).score(pictures)
    expected = load_embedder(folder, "any").embed_images(pictures) @ np.arange(8.0) + 5
    assert scores == pytest.approx(expected, abs=1e-4)


def test_a_head_that_is_no_linear_layer_is_refused(tmp_path):
    torch.save({"layers.0.weight": torch.zeros(4, 8)}, tmp_path / "mlp.pth")
    with pytest.raises(UserError, match=r"expected weight \[1, d\] and bias \[1\]"):
        read_head(tmp_path / "mlp.pth")


def test_a_pickle_that_runs_code_is_not_loaded(tmp_path):
    import pickle

    (tmp_path / "evil.pth").write_bytes(pickle.dumps({"weight": print}))
    with pytest.raises(pickle.UnpicklingError):
        read_head(tmp_path / "evil.pth")


def test_missing_weights_are_one_line_with_the_way_out(tmp_path):
    folder = language_model(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(UserError, match="train or reinstall it") as caught:
        load_language_model(folder, "any")
    assert "\n" not in str(caught.value)


def test_capabilities_that_share_a_model_share_its_weights(tmp_path):
    folder = clip(tmp_path)
    loaders = "internvid_assets.models"
    overrides = {"embedder": {"name": folder}, "similarity": {"name": folder}}
    embedder = resolve("embedder", overrides, name="x", loader=f"{loaders}.transformers_clip:load_embedder")
    similarity = resolve("similarity", overrides, name="x", loader=f"{loaders}.clip_similarity:load_similarity")
    models = Models({"embedder": embedder, "similarity": similarity})
    assert models.similarity.embedder is models.embedder
    assert Models({"embedder": embedder}).embedder is models.embedder
