"""Aesthetic scores: a linear head on the unit-length image embeddings of a CLIP, as in both of LAION's predictors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from internvid_assets.cells.errors import UserError
from internvid_assets.models.protocols import Image
from internvid_assets.models.transformers_clip import TransformersClip, load_embedder

V1, V2 = ("",), ("layers.0.", "layers.2.", "layers.4.", "layers.6.", "layers.7.")
"""The linear layers of LAION's two predictors. V2 has dropout between them, inactive here, and no activations."""


def load_aesthetics(source: str, revision: str, *, head: str) -> LinearAesthetics:
    """The scorer from a CLIP and the file of its head; `revision` is `<revision of the CLIP>+<hash of the head>`."""
    embedder = load_embedder(source, revision.split("+")[0])
    weight, bias = read_head(Path(head))
    if weight.shape[0] != embedder.dimensions:
        raise UserError(
            f"head {head} takes vectors of {weight.shape[0]} numbers: expected {embedder.dimensions}, the size of "
            f"{source}; set models.aesthetics.head to a head trained on this CLIP"
        )
    return LinearAesthetics(embedder, weight, bias)


class LinearAesthetics:
    """Implements `AestheticScorer`: score = weight . vector + bias; a zero vector stays zero, and scores the bias."""

    def __init__(self, embedder: TransformersClip, weight: np.ndarray, bias: float) -> None:
        self.embedder, self.weight, self.bias = embedder, weight, bias

    def score(self, images: Iterable[Image]) -> np.ndarray:
        return self.embedder.embed_images(images) @ self.weight + self.bias


def read_head(path: Path) -> tuple[np.ndarray, float]:
    """Weight [d] and bias of a V1 (the paper's, InternVid 3.3) or V2 head: safetensors, or a pickle of tensors.

    V2's five layers have no activations, so they equal one linear layer.
    """
    is_safe = path.suffix == ".safetensors"
    tensors = load_file(path) if is_safe else torch.load(path, map_location="cpu", weights_only=True)
    layers = next((version for version in (V1, V2) if set(tensors) == parameters(version)), None)
    if layers is None or len(tensors[f"{layers[-1]}weight"]) != 1:
        raise UserError(
            f"head {path} has {', '.join(sorted(tensors))}: expected weight [1, d] and bias [1] of one linear layer "
            "(LAION's V1), or those of the five layers of a V2 without activations (a linearMSE file)"
        )
    inputs = tensors[f"{layers[0]}weight"].shape[1]
    weight, bias = np.eye(inputs), np.zeros(inputs)
    for layer in layers:
        own = tensors[f"{layer}weight"].double().numpy()  # [out, in]
        weight, bias = own @ weight, own @ bias + tensors[f"{layer}bias"].double().numpy()
    return weight[0].astype(np.float32), float(bias[0])


def parameters(layers: Sequence[str]) -> set[str]:
    return {f"{layer}{part}" for layer in layers for part in ("weight", "bias")}
