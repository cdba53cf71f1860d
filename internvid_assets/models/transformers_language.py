"""Prompts to answers by any encoder-decoder language model of transformers: T5, flan-T5, BART."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from internvid_assets.models.batching import batches_by_size
from internvid_assets.models.protocols import Answer, Answers
from internvid_assets.models.transformers_loading import load_model, load_part, to_device


@cache
def load_language_model(source: str, revision: str) -> TransformersLanguageModel:
    """A language model from a folder or a pinned hub id; the capabilities that share one share its weights."""
    model = load_model(AutoModelForSeq2SeqLM, source, revision)
    return TransformersLanguageModel(model, load_part(AutoTokenizer, source, revision))


class TransformersLanguageModel:
    """Answers `LanguageModel` greedily, in batches of like length; over-long prompts lose their end."""

    def __init__(self, model, tokenizer, *, batch_size: int = 32) -> None:
        self.model, self.tokenizer, self.batch_size = model, tokenizer, batch_size

    def generate(self, prompts: Iterable[str], *, max_new_tokens: int = 60) -> Answers:
        for positions, batch in batches_by_size(prompts, self.batch_size, len):
            texts = self._generate_batch(batch, max_new_tokens)
            yield dict(zip(positions, map(Answer, texts), strict=True))

    @torch.inference_mode()
    def _generate_batch(self, prompts: list[str], max_new_tokens: int) -> list[str]:
        inputs = self.tokenizer(prompts, padding=True, truncation=True, return_tensors="pt")
        inputs = {key: inputs[key] for key in ("input_ids", "attention_mask")}
        tokens = self.model.generate(
            **to_device(inputs, self.model), max_new_tokens=max_new_tokens, do_sample=False, num_beams=1
        )
        return [text.strip() for text in self.tokenizer.batch_decode(tokens, skip_special_tokens=True)]
