"""The class tokens that ShareGPT4Video compares frames and captions by, on tiny models of the real classes."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_models import SQUARE, TEXT, VISION, saved, tokenizer

torch = pytest.importorskip("torch")

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.transformers_bert import TransformersBert, load_text_encoder  # noqa: E402
from internvid_assets.models.transformers_class_token import ClassToken, load_class_token  # noqa: E402


def clip(folder) -> str:
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.manual_seed(0)
    config = CLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=8)
    return saved((CLIPModel(config), CLIPProcessor(CLIPImageProcessorPil(**SQUARE), tokenizer())), folder)


def bert(folder) -> str:
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    return saved((BertModel(BertConfig(**TEXT)), tokenizer()), folder)


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(256, size=(32, 40 + i, 3), dtype=np.uint8) for i in range(count)]


def test_a_frames_vector_is_the_class_token_before_norm_and_projection(tmp_path):
    embedder, images = load_class_token(clip(tmp_path), "any"), pictures(3)
    pixels = embedder.clip.processor(images=images, return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        told = embedder.clip.model.vision_model(pixels, output_hidden_states=True)
    expected = told.hidden_states[-1][:, 0].numpy()
    vectors = embedder.embed_images(images)
    np.testing.assert_allclose(vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)
    np.testing.assert_allclose(ClassToken(embedder.clip, batch_size=2).embed_images(images), vectors, atol=1e-6)
    assert embedder.embed_images([]).shape == (0, VISION["hidden_size"])


def test_a_captions_vector_is_the_class_token_whatever_the_batch(tmp_path):
    encoder, texts = load_text_encoder(bert(tmp_path), "any"), ["a red ball", "cat", "left " * 200]
    vectors = encoder.embed_texts(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    alone = np.concatenate([encoder.embed_texts([text]) for text in texts])
    np.testing.assert_allclose(alone, vectors, atol=1e-5)
    in_twos = TransformersBert(encoder.model, encoder.tokenizer, batch_size=2).embed_texts(texts)
    np.testing.assert_allclose(in_twos, vectors, atol=1e-5)
    assert encoder.embed_texts([]).shape == (0, TEXT["hidden_size"])


def test_a_model_without_a_class_token_is_refused(tmp_path):
    from transformers import SiglipConfig, SiglipModel, SiglipProcessor
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    config = SiglipConfig(text_config=TEXT | {"projection_size": 16}, vision_config=VISION)
    parts = SiglipModel(config), SiglipProcessor(SiglipImageProcessorPil(size=SQUARE["size"]), tokenizer())
    with pytest.raises(UserError, match="no class token"):
        load_class_token(saved(parts, tmp_path), "any")
