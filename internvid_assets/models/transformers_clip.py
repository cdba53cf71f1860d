"""Pictures and texts to one space by any CLIP of transformers, and their agreement as a cosine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain, pairwise

import numpy as np
import torch
from transformers import AutoModel, AutoProcessor

from internvid_assets.models.protocols import Image
from internvid_assets.models.transformers_loading import chunks, load_model, load_part, to_device


@cache
def load_embedder(source: str, revision: str) -> TransformersClip:
    """A CLIP from a folder or a pinned hub id; once per process, since three capabilities stand on it."""
    model = load_model(AutoModel, source, revision)
    # Pillow resizes alike everywhere; torchvision, where installed, would embed pictures slightly differently.
    processor = load_part(AutoProcessor, source, revision, backend="pil")
    return TransformersClip(model, processor)


def load_similarity(source: str, revision: str) -> ClipSimilarity:
    """The cosine of frames and captions by the CLIP of a folder or a pinned hub id."""
    return ClipSimilarity(load_embedder(source, revision))


class TransformersClip:
    """Answers `ClipEmbedder` in batches; texts beyond the model's context lose their end."""

    def __init__(self, model, processor, *, batch_size: int = 64) -> None:
        self.model, self.processor, self.batch_size = model, processor, batch_size
        self.dimensions: int = model.config.projection_dim
        self.context_tokens: int = model.config.text_config.max_position_embeddings

    def embed_images(self, images: Sequence[Image]) -> np.ndarray:
        return self._stack([self._images(batch) for batch in chunks(images, self.batch_size)])

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        return self._stack([self._texts(batch) for batch in chunks(texts, self.batch_size)])

    @torch.inference_mode()
    def _images(self, images: Sequence[Image]) -> np.ndarray:
        inputs = self.processor(images=list(images), return_tensors="pt")
        return unit_rows(self.model.get_image_features(**to_device(inputs, self.model)).pooler_output)

    @torch.inference_mode()
    def _texts(self, texts: Sequence[str]) -> np.ndarray:
        inputs = self.processor(
            text=list(texts), padding=True, truncation=True, max_length=self.context_tokens, return_tensors="pt"
        )
        inputs = {key: inputs[key] for key in ("input_ids", "attention_mask")}
        return unit_rows(self.model.get_text_features(**to_device(inputs, self.model)).pooler_output)

    def _stack(self, parts: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(parts) if parts else np.zeros((0, self.dimensions), np.float32)


class ClipSimilarity:
    """Answers `SimilarityScorer`: every frame of every clip goes through CLIP once, in shared batches."""

    def __init__(self, embedder: TransformersClip) -> None:
        self.embedder = embedder

    def similarity(self, frames: Sequence[Sequence[Image]], captions: Sequence[Sequence[str]]) -> list[np.ndarray]:
        images = self.embedder.embed_images(list(chain.from_iterable(frames)))  # [all frames, d]
        distinct = sorted(set(chain.from_iterable(captions)))
        rows = {text: row for row, text in enumerate(distinct)}
        texts = self.embedder.embed_texts(distinct)  # [distinct captions, d]
        bounds = np.cumsum([0, *map(len, frames)])
        spans = zip(pairwise(bounds.tolist()), captions, strict=True)
        return [images[start:end] @ texts[[rows[text] for text in own]].T for (start, end), own in spans]


def unit_rows(vectors: torch.Tensor) -> np.ndarray:
    """float32 rows of unit length."""
    return torch.nn.functional.normalize(vectors.float(), dim=-1).cpu().numpy()
