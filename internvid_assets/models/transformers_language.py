"""Text generation with any encoder-decoder language model of transformers: T5, flan-T5, BART."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from internvid_assets.models.batching import ahead, batches_by_size
from internvid_assets.models.protocols import Answers
from internvid_assets.models.transformers_decoding import GreedyDecoder
from internvid_assets.models.transformers_loading import load_model, load_part


@cache
def load_language_model(source: str, revision: str) -> TransformersLanguageModel:
    """A language model from a folder or a pinned hub id; capabilities with the same model share its weights."""
    model = load_model(AutoModelForSeq2SeqLM, source, revision)
    return TransformersLanguageModel(model, load_part(AutoTokenizer, source, revision))


class TransformersLanguageModel:
    """Implements `LanguageModel`: greedy, in batches of similar length; prompts that are too long are truncated."""

    def __init__(self, model, tokenizer, *, batch_size: int = 32) -> None:
        self.model, self.tokenizer, self.batch_size = model, tokenizer, batch_size
        self.decoder = GreedyDecoder(model, tokenizer)

    def generate(self, prompts: Iterable[str], *, max_new_tokens: int = 60) -> Answers:
        for positions, inputs in ahead(self._batches(prompts)):
            yield dict(zip(positions, self.decoder.answers(inputs, max_new_tokens), strict=True))

    def _batches(self, prompts: Iterable[str]) -> Iterator[tuple[Sequence[int], Any]]:
        """Tokenized while the model processes the previous batch."""
        for positions, batch in batches_by_size(prompts, self.batch_size, len):
            inputs = self.tokenizer(batch, padding=True, truncation=True, return_tensors="pt")
            yield positions, {key: inputs[key] for key in ("input_ids", "attention_mask")}
