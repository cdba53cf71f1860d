"""What all transformers adapters share: where to run, in which precision, and errors a user can act on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
from transformers.utils import logging

from internvid_assets.cells.errors import UserError

Item = TypeVar("Item")


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
    model = load_part(auto_class, source, revision, dtype=best_dtype(device))
    return model.to(device).eval()


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


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Consecutive slices of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
