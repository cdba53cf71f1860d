"""Aesthetic scores: a linear head on the unit-length image vectors of a CLIP, as LAION's first predictor has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from internvid_assets.cells.errors import UserError
from internvid_assets.models.protocols import Image
from internvid_assets.models.transformers_clip import TransformersClip, load_embedder


def load_aesthetics(source: str, revision: str, *, head: str) -> LinearAesthetics:
    """The scorer from a CLIP and the file of its head; `revision` is `<revision of the CLIP>+<hash of the head>`."""
    embedder = load_embedder(source, revision.split("+")[0])
    weight, bias = read_head(Path(head))
    if weight.shape[0] != embedder.dimensions:
        raise UserError(
            f"head {head} takes vectors of {weight.shape[0]} numbers: expected {embedder.dimensions}, as {source} "
            "makes them; set models.aesthetics.head to a head trained on this CLIP"
        )
    return LinearAesthetics(embedder, weight, bias)


class LinearAesthetics:
    """Answers `AestheticScorer`: score = weight . vector + bias."""

    def __init__(self, embedder: TransformersClip, weight: np.ndarray, bias: float) -> None:
        self.embedder, self.weight, self.bias = embedder, weight, bias

    def score(self, images: Sequence[Image]) -> np.ndarray:
        return self.embedder.embed_images(images) @ self.weight + self.bias


def read_head(path: Path) -> tuple[np.ndarray, float]:
    """Weight [d] and bias of a saved `torch.nn.Linear(d, 1)`: safetensors, or a pickle read with `weights_only`."""
    if path.suffix == ".safetensors":
        tensors = load_file(path)
    else:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    if set(tensors) != {"weight", "bias"} or tensors["weight"].shape[0] != 1:
        raise UserError(f"head {path} holds {sorted(tensors)}: expected weight [1, d] and bias [1] of one linear layer")
    return tensors["weight"][0].float().numpy(), float(tensors["bias"][0])
