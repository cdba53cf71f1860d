"""Text embeddings from the class token of a BERT, as in ShareGPT4Video's semantic filter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from internvid_assets.models.batching import chunks
from internvid_assets.models.transformers_clip import unit_rows
from internvid_assets.models.transformers_loading import load_model, load_part, to_device


def load_text_encoder(source: str, revision: str) -> TransformersBert:
    """A BERT from a folder or a pinned hub id."""
    model = load_model(AutoModel, source, revision, unused=["pooler."])  # the class token before it is used
    return TransformersBert(model, load_part(AutoTokenizer, source, revision))


class TransformersBert:
    """Implements `TextEncoder` in batches; texts longer than the model's context are truncated."""

    def __init__(self, model, tokenizer, *, batch_size: int = 64) -> None:
        self.model, self.tokenizer, self.batch_size = model, tokenizer, batch_size
        self.context_tokens: int = model.config.max_position_embeddings

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        parts = [self._texts(batch) for batch in chunks(texts, self.batch_size)]
        return np.concatenate(parts) if parts else np.zeros((0, self.model.config.hidden_size), np.float32)

    @torch.inference_mode()
    def _texts(self, texts: Sequence[str]) -> np.ndarray:
        limits = {"padding": True, "truncation": True, "max_length": self.context_tokens}
        inputs = to_device(self.tokenizer(list(texts), return_tensors="pt", **limits), self.model)
        return unit_rows(self.model(**inputs).last_hidden_state[:, 0])
