"""Image embeddings from the class token of a CLIP's vision tower, as ShareGPT4Video compares frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from internvid_assets.cells.errors import UserError
from internvid_assets.models.batching import chunks
from internvid_assets.models.protocols import Image
from internvid_assets.models.transformers_clip import TransformersClip, load_embedder, unit_rows
from internvid_assets.models.transformers_loading import to_device


def load_class_token(source: str, revision: str) -> ClassToken:
    """A CLIP from a folder or a pinned hub id; loaded once if it is also the embedder of clips."""
    clip = load_embedder(source, revision)
    if clip.model.config.model_type != "clip":
        raise UserError(f"models.frame_embedder is {source}, which has no class token: expected a CLIP")
    return ClassToken(clip)


class ClassToken:
    """Implements `FrameEmbedder`: the last hidden state of the class token, before layer norm and projection."""

    def __init__(self, clip: TransformersClip, *, batch_size: int = 64) -> None:
        self.clip, self.batch_size = clip, batch_size

    def embed_images(self, images: Sequence[Image]) -> np.ndarray:
        parts = [self._images(batch) for batch in chunks(images, self.batch_size)]
        width = self.clip.model.config.vision_config.hidden_size
        return np.concatenate(parts) if parts else np.zeros((0, width), np.float32)

    @torch.inference_mode()
    def _images(self, images: Sequence[Image]) -> np.ndarray:
        inputs = to_device(self.clip.processor(images=list(images), return_tensors="pt"), self.clip.model)
        return unit_rows(self.clip.model.vision_model(**inputs).last_hidden_state[:, 0])
