"""Folders and files that hold another model than the one wanted, or a damaged one: one line, no random weights."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_models import SQUARE, TEXT, VISION, blip, saved, tokenizer

torch = pytest.importorskip("torch")

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.specs import ModelSpec  # noqa: E402
from internvid_assets.models.transformers_bert import load_text_encoder  # noqa: E402
from internvid_assets.models.transformers_captioner import load_captioner  # noqa: E402
from internvid_assets.models.transformers_clip import load_embedder  # noqa: E402
from internvid_assets.models.transformers_language import load_language_model  # noqa: E402

MODELS = "internvid_assets.models"


def clip(folder: Path) -> str:
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    model = CLIPModel(CLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=8))
    return saved((model, CLIPProcessor(CLIPImageProcessorPil(**SQUARE), tokenizer())), folder)


def refusal(load, folder: str) -> str:
    with pytest.raises(UserError) as refused:
        load(folder, "any")
    (line,) = str(refused.value).splitlines()
    assert folder in line
    return line


def test_a_captioner_that_is_asked_to_embed_would_do_so_by_random_weights(tmp_path, capfd):
    folder = saved(blip(), tmp_path)
    capfd.readouterr()
    assert "weights of a BlipModel" in refusal(load_embedder, folder)
    assert capfd.readouterr().err == "", "nor a report of transformers' own"


def test_another_class_than_wanted(tmp_path):
    folder = clip(tmp_path)
    assert "Unrecognized configuration class" in refusal(load_captioner, folder)
    assert "Unrecognized configuration class" in refusal(load_language_model, folder)


def test_a_model_that_reads_but_does_not_see_is_no_embedder(tmp_path):
    from transformers import BertConfig, BertModel

    assert "expected a CLIP or SigLIP" in refusal(
        load_embedder, saved((BertModel(BertConfig(**TEXT)), tokenizer()), tmp_path)
    )


def test_weights_that_were_cut_short(tmp_path):
    folder, weights = clip(tmp_path), tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "SafetensorError" in refusal(load_embedder, folder)


def test_weights_of_another_size(tmp_path):
    folder, config = clip(tmp_path), tmp_path / "config.json"
    config.write_text(config.read_text().replace('"projection_dim": 8', '"projection_dim": 9'))
    assert "text_projection.weight" in refusal(load_embedder, folder)


def test_a_text_encoder_needs_no_pooler(tmp_path):
    """Published sentence encoders have none; only the class token before it is read."""
    from transformers import BertConfig, BertModel

    folder = saved((BertModel(BertConfig(**TEXT), add_pooling_layer=False), tokenizer()), tmp_path)
    first, second = (load_text_encoder(folder, "any").embed_texts(["a red ball"]) for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize("loader", ["umt_similarity:load_umt_similarity", "transformers_aesthetics:load_aesthetics"])
def test_a_file_that_is_no_weights(loader, tmp_path):
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"no weights at all")
    folder = clip(tmp_path / "clip")
    is_umt = loader.startswith("umt")
    source, files = (str(damaged), ("tokenizer", folder)) if is_umt else (folder, ("head", str(damaged)))
    with pytest.raises(UserError, match="cannot load a model") as refused:
        ModelSpec("a model", "any", source, f"{MODELS}.{loader}", (files,)).load()
    assert str(damaged) in str(refused.value) and "\n" not in str(refused.value)
