"""Where weights are and what they take is told from their files alone, without loading them."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from safetensors.numpy import save_file

from internvid_assets.models.profiles import model_specs
from internvid_assets.models.specs import ModelSpec
from internvid_assets.models.weights import find_weights, weight_files

PIN = "0" * 40
HUB = ModelSpec("Salesforce/blip2-opt-2.7b", PIN, "Salesforce/blip2-opt-2.7b", "models.transformers_captioner:load")


def saved(folder, dtype: str = "float16"):
    tensors = {"weight": np.zeros((10, 30), dtype), "position_ids": np.zeros(20, "int64")}
    save_file(tensors, folder / "model.safetensors")
    return replace(HUB, source=str(folder))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("float_bytes", [2, 4])
def test_memory_is_that_of_the_precision_that_runs(tmp_path, dtype, float_bytes):
    found = find_weights(saved(tmp_path, dtype), float_bytes=float_bytes)
    assert (found.where, found.place) == ("folder", tmp_path)
    assert found.memory_bytes == 300 * float_bytes + 20 * 8, "whole numbers stay as they are"


def test_a_pickle_is_measured_by_its_size(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(bytes(4000))
    found = find_weights(replace(HUB, source=str(tmp_path)), float_bytes=2)
    assert found.memory_bytes == 2000
    alone = find_weights(replace(HUB, source=str(tmp_path / "pytorch_model.bin")), float_bytes=4)
    assert (alone.where, alone.memory_bytes) == ("file", 4000)


def test_all_shards_or_none(tmp_path):
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-2.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    save_file({"a": np.zeros(1)}, tmp_path / "model-1.safetensors")
    assert weight_files(tmp_path) == []
    assert find_weights(replace(HUB, source=str(tmp_path)), float_bytes=4).where == "missing"
    save_file({"b": np.zeros(2), "c": np.zeros(3)}, tmp_path / "model-2.safetensors")
    assert find_weights(replace(HUB, source=str(tmp_path)), float_bytes=4).memory_bytes == 6 * 4


def test_what_the_hub_has_is_told_with_one_command(tmp_path):
    found = find_weights(replace(HUB, revision=f"{PIN}+prompt"), float_bytes=2)
    assert found.where == "missing" and found.memory_bytes == 7_480_000_000
    assert found.way_out == f"hf download Salesforce/blip2-opt-2.7b --revision {PIN}"
    offline = find_weights(HUB, float_bytes=2, is_offline=True)
    assert offline.way_out.startswith(found.way_out) and "HF_HUB_OFFLINE is set" in offline.way_out


def test_a_package_that_is_not_installed(tmp_path):
    spec = replace(saved(tmp_path), loader="internvid_assets.models.faster_whisper:load_faster_whisper")
    found = find_weights(spec, float_bytes=4)
    assert found.where == ("missing" if find_spec("faster_whisper") is None else "folder")


def test_the_shipped_ones_are_all_there():
    specs = model_specs("sample").values()
    assert {find_weights(spec, float_bytes=4).where for spec in specs} == {"shipped", "nobody"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b"no weights"),
        ("model.safetensors.index.json", b'{"weight_map": 3'),
        ("model.safetensors.index.json", b"{}"),
    ],
)
def test_what_cannot_be_read_is_as_good_as_missing(name, content, tmp_path):
    """And said of that model alone: doctor goes on to the next."""
    (tmp_path / name).write_bytes(content)
    found = find_weights(ModelSpec("a model", "1", str(tmp_path), "a.module:load"), float_bytes=4)
    assert found.where == "missing" and f"{tmp_path} cannot be read" in found.way_out
