"""ViCLIP where settings name it: by its weights, and refused on one line where it is something else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_models import viclip

torch = pytest.importorskip("torch")

from safetensors.torch import load_file, save_file  # noqa: E402
from test_transformers_adapters import clip  # noqa: E402

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.loaded import Models  # noqa: E402
from internvid_assets.models.profiles import model_specs  # noqa: E402
from internvid_assets.models.specs import files_revision  # noqa: E402
from internvid_assets.models.weights import find_weights  # noqa: E402


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return Path(viclip(tmp_path / "step-00000007"))


def spec(name: object, **more: str):
    files_revision.cache_clear()
    return model_specs("sample", {"similarity": {"adapter": "viclip", "name": str(name), **more}})["similarity"]


def score(spec) -> np.ndarray:
    frames = np.random.default_rng(0).integers(256, size=(8, 40, 60, 3), dtype=np.uint8)
    (cosines,) = Models({"similarity": spec}).similarity.similarity([list(frames)], [["a red ball", "a cat"]])
    return cosines


def test_it_is_named_by_what_changes_its_answers(checkpoint):
    first = spec(checkpoint)
    assert first.name == "viclip/step-00000007" and first.loader.endswith("viclip.similarity:load_similarity")
    (checkpoint / "optimizer.pt").write_bytes(b"what training remembers")
    assert spec(checkpoint).identity == first.identity
    elsewhere = shutil.copytree(checkpoint, checkpoint.parent / "moved" / checkpoint.name)
    assert spec(elsewhere).identity == first.identity and spec(elsewhere).source != first.source
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        before = (checkpoint / name).read_bytes()
        (checkpoint / name).write_bytes(before + b" ")
        assert spec(checkpoint).identity != first.identity, name
        (checkpoint / name).write_bytes(before)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_file_is_read_with_the_words_that_settings_name(checkpoint, suffix):
    """A file tells no heads: those of this one are as wide as the released models'."""
    state, wide = load_file(checkpoint / "model.safetensors"), checkpoint.parent / f"released{suffix}"
    save = save_file if suffix == ".safetensors" else torch.save
    save(state, wide)
    with_words = spec(wide, tokenizer=str(checkpoint))
    assert with_words.name == "viclip/released" and "+" in with_words.revision
    config = checkpoint / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"vision_heads": 1, "text_heads": 1}))
    np.testing.assert_allclose(score(with_words), score(spec(checkpoint)), atol=1e-6)


def test_clips_own_words_have_to_be_installed(checkpoint, monkeypatch):
    """Doctor tells, before anything is loaded."""
    file = shutil.copy(checkpoint / "model.safetensors", checkpoint.parent / "released.safetensors")
    here = find_weights(spec(checkpoint), float_bytes=4)
    assert here.where == "folder" and here.memory_bytes == sum(4 * one.numel() for one in load_file(file).values())
    monkeypatch.setattr("internvid_assets.models.weights.find_spec", lambda name: None)
    missing = find_weights(spec(file), float_bytes=4)
    assert missing.where == "missing" and "internvid-assets[clip-words]" in missing.way_out
    assert find_weights(spec(checkpoint), float_bytes=4).where == "folder"


def test_words_of_another_model_are_refused(checkpoint, tmp_path):
    told = json.loads((checkpoint / "config.json").read_text()) | {"end_token": 5}
    (checkpoint / "config.json").write_text(json.dumps(told))
    with pytest.raises(UserError, match=r"has end token 5, .* has 14: expected the tokenizer that it was trained with"):
        score(spec(checkpoint))


@pytest.mark.parametrize("name", ["", "/no/such/folder", "someone/viclip"])
def test_what_is_no_checkpoint(name):
    with pytest.raises(UserError, match=r"models\.similarity\.name is .*: expected a ViCLIP checkpoint") as caught:
        spec(name)
    assert "\n" not in str(caught.value)


def test_the_folder_of_a_subset_names_its_checkpoint(checkpoint):
    """Which one that is changes with the next training: a cycle, if it were followed."""
    (checkpoint.parent / "current.txt").write_text(f"{checkpoint.name}\n")
    with pytest.raises(UserError, match=rf"has the checkpoints of a subset; set one of them, such as {checkpoint}$"):
        spec(checkpoint.parent)


def test_a_folder_of_another_model(tmp_path):
    with pytest.raises(UserError, match=r"lacks vision_encoder.conv1.weight; expected a ViCLIP checkpoint") as caught:
        score(spec(clip(tmp_path)))
    assert "\n" not in str(caught.value)


def test_a_tokenizer_that_is_none(checkpoint, tmp_path):
    with pytest.raises(UserError, match=r"models\.similarity\.tokenizer is .*: expected clip, or a folder with"):
        spec(checkpoint, tokenizer=str(tmp_path))


def test_damaged_weights(checkpoint):
    (checkpoint / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(UserError, match=r"model.safetensors is damaged .*; download or restore it") as caught:
        score(spec(checkpoint))
    assert "\n" not in str(caught.value)
