"""What all transformers adapters share: where to run, in which precision, compiled or not, and errors to act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging

from internvid_assets.cells.errors import UserError


def best_device() -> torch.device:
    """The first GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def best_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the GPU has it, else float16; float32 on the CPU, where halves are slow."""
    if device.type == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def load_part(auto_class: Any, source: str, revision: str, **options: Any) -> Any:
    """`auto_class.from_pretrained`: folders without network, hub ids at their pin; no code from elsewhere is run."""
    is_folder = Path(source).is_dir()
    pin = {"local_files_only": True} if is_folder else {"revision": revision}
    try:
        with quiet():
            return auto_class.from_pretrained(source, trust_remote_code=False, **pin, **options)
    except OSError as error:
        reason = str(error).strip().splitlines()[0]
        way_out = (
            "train or reinstall it" if is_folder else "check the network, or download it and set its folder as name"
        )
        raise UserError(f"cannot load {source} at {revision} ({reason}); {way_out}") from error


def load_model(auto_class: Any, source: str, revision: str) -> Any:
    """The model, ready to answer: on the best device, in its precision, without dropout."""
    device = best_device()
    return ready(load_part(auto_class, source, revision, dtype=best_dtype(device)), device)


def ready(model: Any, device: torch.device) -> Any:
    """`model` on the device, without dropout; compiled where that pays: on a GPU for which Triton writes kernels.

    A compilation takes a minute, which a CPU hardly earns back. `TORCH_COMPILE_DISABLE=1` is PyTorch's own way out.
    """
    model = model.to(device).eval()
    if device.type == "cuda" and find_spec("triton"):
        torch._dynamo.config.suppress_errors = True  # what cannot be compiled runs as it is
        compile_encoders(model)
    return model


PICTURE_ENCODERS = frozenset({"vision_model", "vision_encoder", "model.vision_tower", "git.image_encoder", "vit"})
"""What looks at pictures in CLIP, SigLIP, BLIP, UMT, Florence-2, GIT, and in classifiers by a ViT."""


def compile_encoders(model: torch.nn.Module, backend: Any = "inductor") -> None:
    """Compile, in place, what looks at pictures: they are all of one size, and only their number varies.

    So there are a few compilations: for the first number, for a single one, and for any. Decoders stay as they are:
    their inputs grow with every word.
    """
    for name, module in model.named_modules():
        if name in PICTURE_ENCODERS:
            module.compile(backend=backend)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence transformers' weight-loading bar: tiny models load in a blink, and runs print their own progress."""
    was_enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            logging.enable_progress_bar()


def to_device(inputs: Any, model: Any) -> dict[str, torch.Tensor]:
    """A processor's tensors on the model's device; pixels in its precision, token ids untouched."""
    return {
        key: value.to(model.device, dtype=model.dtype if value.is_floating_point() else None)
        for key, value in inputs.items()
    }
