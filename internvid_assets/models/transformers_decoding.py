"""Greedy decoding for all transformers adapters: texts and their log-probabilities."""

from __future__ import annotations

from typing import Any

import torch

from internvid_assets.models.protocols import Answer
from internvid_assets.models.transformers_loading import to_device


class GreedyDecoder:
    """Decodes the answers of one model; `words` is its tokenizer or processor."""

    def __init__(self, model, words) -> None:
        self.model, self.words = model, words
        self.end_tokens = torch.tensor(end_tokens(model), device=model.device)

    @torch.inference_mode()
    def answers(self, inputs: Any, max_new_tokens: int) -> list[Answer]:
        """One per row of `inputs`, a processor's tensors."""
        answer = self.model.generate(
            **to_device(inputs, self.model),
            max_new_tokens=max_new_tokens,
            do_sample=False,
            num_beams=1,
            output_logits=True,
            return_dict_in_generate=True,
        )
        logits = torch.stack(answer.logits, dim=1)  # [rows, new tokens, vocabulary]
        tokens = answer.sequences[:, -logits.shape[1] :]  # [rows, new tokens]
        texts = self.words.batch_decode(tokens, skip_special_tokens=True)
        scores = mean_log_probability(logits, tokens, self.end_tokens)
        return [Answer(text.strip(), score) for text, score in zip(texts, scores.tolist(), strict=True)]


def end_tokens(model) -> list[int]:
    """Ids that end an answer. BLIP's generate ends with its text model's separator, regardless of the config."""
    if model.config.model_type == "blip":
        return [model.config.text_config.sep_token_id]
    ends = model.generation_config.eos_token_id
    return ends if isinstance(ends, list) else [ends]


def mean_log_probability(logits: torch.Tensor, tokens: torch.Tensor, end_tokens: torch.Tensor) -> torch.Tensor:
    """Mean log-probability [n] of chosen tokens [n, t] under logits [n, t, v], up to and with the first end token."""
    chosen = logits.float().log_softmax(-1).gather(-1, tokens.unsqueeze(-1)).squeeze(-1)
    is_end = torch.isin(tokens, end_tokens)
    counts = is_end.cumsum(1) - is_end.long() == 0  # what follows the first end token is padding
    return torch.where(counts, chosen, 0.0).sum(1) / counts.sum(1)
