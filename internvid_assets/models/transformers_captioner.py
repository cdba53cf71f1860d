"""Pictures to captions by any image-to-text model of transformers: BLIP, BLIP-2, GIT, Florence-2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

from internvid_assets.models.batching import ahead, batches_by_size
from internvid_assets.models.protocols import Answer, Answers, Image
from internvid_assets.models.transformers_loading import load_model, load_part, to_device

FLORENCE_TASK = "<CAPTION>"
"""Florence-2 is told its task by a word; this one asks for a short caption."""


def load_captioner(source: str, revision: str) -> TransformersCaptioner:
    """A captioner from a folder or a pinned hub id."""
    model = load_model(AutoModelForImageTextToText, source, revision)
    # Pillow resizes alike everywhere; torchvision, where installed, would caption some pictures differently.
    processor = load_part(AutoProcessor, source, revision, backend="pil")
    return TransformersCaptioner(model, processor)


class TransformersCaptioner:
    """Answers `FrameCaptioner` in batches, greedily; the next batch is prepared while the model works."""

    def __init__(self, model, processor, *, batch_size: int = 32) -> None:
        self.model, self.processor, self.batch_size = model, processor, batch_size
        self.end_tokens = torch.tensor(end_tokens(model), device=model.device)
        self.task = FLORENCE_TASK if model.config.model_type == "florence2" else None

    def caption(self, images: Iterable[Image], *, max_new_tokens: int = 40) -> Answers:
        for positions, inputs in ahead(self._batches(images)):
            yield dict(zip(positions, self._caption_batch(inputs, max_new_tokens), strict=True))

    def _batches(self, images: Iterable[Image]) -> Iterator[tuple[Sequence[int], Any]]:
        for positions, batch in batches_by_size(images, self.batch_size, lambda image: image.shape):
            told = {"text": [self.task] * len(batch), "padding": True} if self.task else {}
            yield positions, self.processor(images=batch, return_tensors="pt", **told)

    @torch.inference_mode()
    def _caption_batch(self, inputs: Any, max_new_tokens: int) -> list[Answer]:
        answer = self.model.generate(
            **to_device(inputs, self.model),
            max_new_tokens=max_new_tokens,
            do_sample=False,
            num_beams=1,
            output_logits=True,
            return_dict_in_generate=True,
        )
        logits = torch.stack(answer.logits, dim=1)  # [images, new tokens, vocabulary]
        tokens = answer.sequences[:, -logits.shape[1] :]  # [images, new tokens]
        texts = self.processor.batch_decode(tokens, skip_special_tokens=True)
        scores = mean_log_probability(logits, tokens, self.end_tokens)
        return [Answer(text.strip(), score) for text, score in zip(texts, scores.tolist(), strict=True)]


def end_tokens(model) -> list[int]:
    """Ids that end a caption. BLIP's own generate ends with its text part's separator, whatever the config says."""
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
