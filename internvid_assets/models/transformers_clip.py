"""Image and text embeddings in one space, with any CLIP or SigLIP of transformers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from transformers import AutoModel, AutoProcessor

from internvid_assets.cells.errors import UserError
from internvid_assets.models.batching import ahead, chunks
from internvid_assets.models.protocols import Image
from internvid_assets.models.transformers_loading import load_model, load_part, to_device


@cache
def load_embedder(source: str, revision: str) -> TransformersClip:
    """A CLIP from a folder or a pinned hub id; loaded once per process, since several capabilities use it."""
    model = load_model(AutoModel, source, revision)
    if not hasattr(model, "get_image_features") or not hasattr(model, "get_text_features"):
        raise UserError(f"{source} is a {model.config.model_type}: expected a CLIP or SigLIP")
    # Pillow resizes the same everywhere; torchvision, where installed, would change embeddings slightly.
    processor = load_part(AutoProcessor, source, revision, backend="pil")
    return TransformersClip(model, processor)


class TransformersClip:
    """Implements `ClipEmbedder` in batches, with images prepared meanwhile; texts that are too long are truncated.

    SigLIP was trained on texts padded to its full context, without an attention mask.
    """

    def __init__(self, model, processor, *, batch_size: int = 64) -> None:
        self.model, self.processor, self.batch_size = model, processor, batch_size
        config = model.config
        is_siglip = config.model_type.startswith("siglip")
        self.dimensions: int = config.vision_config.hidden_size if is_siglip else config.projection_dim
        self.context_tokens: int = config.text_config.max_position_embeddings
        self.padding = "max_length" if is_siglip else True
        self.text_inputs = ("input_ids",) if is_siglip else ("input_ids", "attention_mask")

    def embed_images(self, images: Iterable[Image]) -> np.ndarray:
        return self._stack(
            [self._images(inputs) for inputs in ahead(map(self._pixels, chunks(images, self.batch_size)))]
        )

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        return self._stack([self._texts(batch) for batch in chunks(texts, self.batch_size)])

    def _pixels(self, images: Sequence[Image]) -> Any:
        return self.processor(images=images, return_tensors="pt")

    @torch.inference_mode()
    def _images(self, inputs: Any) -> np.ndarray:
        return unit_rows(self.model.get_image_features(**to_device(inputs, self.model)).pooler_output)

    @torch.inference_mode()
    def _texts(self, texts: Sequence[str]) -> np.ndarray:
        inputs = self.processor(
            text=list(texts), padding=self.padding, truncation=True, max_length=self.context_tokens, return_tensors="pt"
        )
        inputs = {key: inputs[key] for key in self.text_inputs}
        return unit_rows(self.model.get_text_features(**to_device(inputs, self.model)).pooler_output)

    def _stack(self, parts: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(parts) if parts else np.zeros((0, self.dimensions), np.float32)


def unit_rows(vectors: torch.Tensor) -> np.ndarray:
    """float32 rows of unit length."""
    return torch.nn.functional.normalize(vectors.float(), dim=-1).cpu().numpy()
