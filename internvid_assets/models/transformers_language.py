"""Prompts to answers by any encoder-decoder language model of transformers: T5, flan-T5, BART."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from internvid_assets.models.transformers_loading import chunks, load_model, load_part, to_device


@cache
def load_language_model(source: str, revision: str) -> TransformersLanguageModel:
    """A language model from a folder or a pinned hub id; the capabilities that share one share its weights."""
    model = load_model(AutoModelForSeq2SeqLM, source, revision)
    return TransformersLanguageModel(model, load_part(AutoTokenizer, source, revision))


class TransformersLanguageModel:
    """Answers `LanguageModel` greedily, in batches of like length; over-long prompts lose their end."""

    def __init__(self, model, tokenizer, *, batch_size: int = 32) -> None:
        self.model, self.tokenizer, self.batch_size = model, tokenizer, batch_size

    def generate(self, prompts: Sequence[str], *, max_new_tokens: int = 60) -> list[str]:
        by_length = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
        answers = [""] * len(prompts)
        for indices in chunks(by_length, self.batch_size):
            texts = self._generate_batch([prompts[index] for index in indices], max_new_tokens)
            for index, text in zip(indices, texts, strict=True):
                answers[index] = text
        return answers

    @torch.inference_mode()
    def _generate_batch(self, prompts: list[str], max_new_tokens: int) -> list[str]:
        inputs = self.tokenizer(prompts, padding=True, truncation=True, return_tensors="pt")
        inputs = {key: inputs[key] for key in ("input_ids", "attention_mask")}
        tokens = self.model.generate(
            **to_device(inputs, self.model), max_new_tokens=max_new_tokens, do_sample=False, num_beams=1
        )
        return [text.strip() for text in self.tokenizer.batch_decode(tokens, skip_special_tokens=True)]
