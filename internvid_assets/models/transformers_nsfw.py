"""NSFW probability of images, with any image classifier of transformers that has such a class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from transformers import AutoImageProcessor, AutoModelForImageClassification

from internvid_assets.cells.errors import UserError
from internvid_assets.models.batching import ahead, chunks
from internvid_assets.models.protocols import Image
from internvid_assets.models.transformers_loading import load_model, load_part, to_device

UNSAFE = frozenset({"nsfw", "unsafe", "explicit", "porn", "hentai", "sexy"})
"""Labels of published classifiers for what the paper's filter drops (InternVid appendix A)."""


def load_nsfw(source: str, revision: str) -> NsfwClassifier:
    """A classifier from a folder or a pinned hub id."""
    model = load_model(AutoModelForImageClassification, source, revision)
    processor = load_part(AutoImageProcessor, source, revision, backend="pil")
    labels = [model.config.id2label[number].lower() for number in range(model.config.num_labels)]
    unsafe = [number for number, label in enumerate(labels) if label in UNSAFE]
    if not unsafe or len(unsafe) == len(labels):
        raise UserError(
            f"models.nsfw.name is {source}, with classes {', '.join(labels)}: expected a classifier with some of the "
            f"classes {', '.join(sorted(UNSAFE))}, and others"
        )
    return NsfwClassifier(model, processor, unsafe)


class NsfwClassifier:
    """Implements `FrameScorer`: the total probability of all unsafe classes."""

    def __init__(self, model, processor, unsafe: Sequence[int], *, batch_size: int = 64) -> None:
        self.model, self.processor, self.unsafe, self.batch_size = model, processor, list(unsafe), batch_size

    def score(self, images: Iterable[Image]) -> np.ndarray:
        parts = [self._score(inputs) for inputs in ahead(map(self._prepared, chunks(images, self.batch_size)))]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _prepared(self, images: Sequence[Image]) -> Any:
        return self.processor(images=images, return_tensors="pt")

    @torch.inference_mode()
    def _score(self, inputs: Any) -> np.ndarray:
        probabilities = self.model(**to_device(inputs, self.model)).logits.float().softmax(dim=-1)  # [n, classes]
        return probabilities[:, self.unsafe].sum(dim=-1).cpu().numpy()
