"""Reading published checkpoints, files of named tensors, without running code in them."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from internvid_assets.cells.errors import UserError


def read_tensors(path: Path) -> Mapping[str, Tensor]:
    """A state dict, or the `model` of a training state, from safetensors or a pickle of tensors and plain values."""
    if path.suffix == ".safetensors":
        return load_file(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"cannot read {path} ({reason}); code in checkpoints is never run: if you trust it, save its tensors as "
            "safetensors"
        ) from error
    return state.get("model", state)
