"""Where a model's weights are, how to get missing ones, and the memory they take, without loading them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from internvid_assets.models.specs import NOBODY, ModelSpec
from internvid_assets.viclip_parameters import CLIP_WORDS

Where = Literal["shipped", "folder", "file", "cache", "server", "missing", "nobody"]

PUBLISHED_PARAMETERS = {
    "Salesforce/blip2-opt-2.7b": 3_740_000_000,
    "Salesforce/blip-image-captioning-large": 470_000_000,
    "mrm8488/flan-t5-large-finetuned-openai-summarize_from_feedback": 783_000_000,
    "Qwen/Qwen2.5-VL-7B-Instruct": 8_290_000_000,
    "openai/clip-vit-large-patch14": 428_000_000,
    "openai/clip-vit-large-patch14-336": 428_000_000,
    "google-bert/bert-base-uncased": 110_000_000,
    "openai/whisper-large-v3": 1_540_000_000,
}
"""Of the models of profile `paper`, from their pages, to state their memory before they are downloaded."""

STORED = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "model.bin",
)
"""The weight files of a folder, in the order in which transformers (and faster-whisper) look for them."""

EXTRAS = {
    "faster_whisper": ("faster_whisper", "pip install 'internvid-assets[asr]'"),
    "tag2text": ("ram", "pip install git+https://github.com/xinyu1205/recognize-anything.git"),
    "transformers_vision_language": ("torchvision", "pip install 'internvid-assets[vision-language]'"),
}
"""By adapter, an optional package that it needs, and how to install it."""
WORDS_OF_CLIP = "open_clip", "pip install 'internvid-assets[clip-words]', or set tokenizer to a CLIP's folder"
"""The same for ViCLIP checkpoints without a tokenizer, such as the released ones."""

PACKAGE = Path(__file__).parents[1]
BYTES_OF_FILE_FLOAT = 4
"""Published pickles are in float32."""


@dataclass(frozen=True)
class Weights:
    """`memory_bytes` is for the weights alone, in the precision used for inference; None if unknown."""

    where: Where
    place: Path | None = None
    memory_bytes: int | None = None
    way_out: str = ""
    """What to do about missing ones, on one line."""


def find_weights(spec: ModelSpec, *, float_bytes: int, is_offline: bool = False) -> Weights:
    """`float_bytes` is the size of a number on the device; `is_offline` whether HF_HUB_OFFLINE forbids downloads.

    Files that cannot be read count as missing.
    """
    try:
        return _found(spec, float_bytes, is_offline)
    except Exception as error:  # each format has its own errors
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        return Weights("missing", way_out=f"{spec.source} cannot be read ({reason}); restore its files")


def _found(spec: ModelSpec, float_bytes: int, is_offline: bool) -> Weights:
    if spec.name == NOBODY:
        return Weights("nobody")
    package, way_out = _extra(spec)
    if package and find_spec(package) is None:
        return Weights("missing", way_out=way_out)
    if spec.source.startswith(("http://", "https://")):
        return Weights("server")
    if not spec.source:
        return Weights("shipped", memory_bytes=0)  # the tagger's few words
    path = Path(spec.source)
    if path.is_file():
        return Weights("file", path, _memory_bytes([path], float_bytes))
    if path.is_dir():
        return _in_folder(path, float_bytes)
    return _in_cache(spec, float_bytes, is_offline)


def _extra(spec: ModelSpec) -> tuple[str, str]:
    return WORDS_OF_CLIP if dict(spec.files).get("tokenizer") == CLIP_WORDS else EXTRAS.get(adapter(spec), ("", ""))


def adapter(spec: ModelSpec) -> str:
    """The module of the model's adapter."""
    return spec.loader.partition(":")[0].rpartition(".")[2]


def _in_folder(folder: Path, float_bytes: int) -> Weights:
    files = weight_files(folder)
    if not files:
        return Weights("missing", folder, way_out=f"expected {STORED[0]} there, or all shards listed in its index")
    where = "shipped" if folder.is_relative_to(PACKAGE) else "folder"
    return Weights(where, folder, _memory_bytes(files, float_bytes))


def _in_cache(spec: ModelSpec, float_bytes: int, is_offline: bool) -> Weights:
    from huggingface_hub import try_to_load_from_cache

    revision = spec.revision.split("+")[0]  # what follows is the hash of a prompt or a head
    config = try_to_load_from_cache(spec.source, "config.json", revision=revision)
    files = weight_files(Path(config).parent) if isinstance(config, str) else []
    if files:
        return Weights("cache", Path(str(config)).parent, _memory_bytes(files, float_bytes))
    published = PUBLISHED_PARAMETERS.get(spec.source)
    way_out = f"hf download {spec.source} --revision {revision}"
    if is_offline:
        way_out += ", on a machine with network (HF_HUB_OFFLINE is set), and copy its cache (HF_HOME) here"
    return Weights("missing", memory_bytes=published and published * float_bytes, way_out=way_out)


def weight_files(folder: Path) -> list[Path]:
    """All files that a loader would read; empty if one is missing."""
    stored = next((folder / name for name in STORED if (folder / name).is_file()), None)
    if stored is None:
        return []
    if stored.suffix != ".json":
        return [stored]
    shards = sorted({folder / name for name in json.loads(stored.read_text())["weight_map"].values()})
    return shards if all(shard.is_file() for shard in shards) else []


def _memory_bytes(files: list[Path], float_bytes: int) -> int:
    return sum(sum(_tensor_bytes(file, float_bytes)) for file in files)


def _tensor_bytes(file: Path, float_bytes: int) -> Iterator[int]:
    """From the header of a safetensors file; for other files, from their size."""
    if file.suffix != ".safetensors":
        yield file.stat().st_size * float_bytes // BYTES_OF_FILE_FLOAT
        return
    from safetensors import safe_open

    with safe_open(file, "numpy") as tensors:
        for name in tensors.keys():  # noqa: SIM118 it is no mapping
            tensor = tensors.get_slice(name)
            bits = int("".join(filter(str.isdigit, tensor.get_dtype().partition("_")[0])) or 8)
            is_float = "F" in tensor.get_dtype()
            yield math.prod(tensor.get_shape()) * (float_bytes if is_float else bits // 8)
