"""Image captioning with any image-to-text model of transformers: BLIP, BLIP-2, GIT, Florence-2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from transformers import AutoModelForImageTextToText, AutoProcessor

from internvid_assets.models.batching import ahead, batches_by_size
from internvid_assets.models.protocols import Answers, Image
from internvid_assets.models.transformers_decoding import GreedyDecoder
from internvid_assets.models.transformers_loading import load_model, load_part

FLORENCE_TASK = "<CAPTION>"
"""Florence-2's task token for a short caption."""


def load_captioner(source: str, revision: str) -> TransformersCaptioner:
    """A captioner from a folder or a pinned hub id."""
    model = load_model(AutoModelForImageTextToText, source, revision)
    # Pillow resizes the same everywhere; torchvision, where installed, would change some captions.
    processor = load_part(AutoProcessor, source, revision, backend="pil")
    return TransformersCaptioner(model, processor)


class TransformersCaptioner:
    """Implements `FrameCaptioner` in batches, with greedy decoding; the next batch is prepared meanwhile."""

    def __init__(self, model, processor, *, batch_size: int = 32) -> None:
        self.model, self.processor, self.batch_size = model, processor, batch_size
        self.decoder = GreedyDecoder(model, processor)
        self.task = FLORENCE_TASK if model.config.model_type == "florence2" else None

    def caption(self, images: Iterable[Image], *, max_new_tokens: int = 40) -> Answers:
        for positions, inputs in ahead(self._batches(images)):
            yield dict(zip(positions, self.decoder.answers(inputs, max_new_tokens), strict=True))

    def _batches(self, images: Iterable[Image]) -> Iterator[tuple[Sequence[int], Any]]:
        for positions, batch in batches_by_size(images, self.batch_size, lambda image: image.shape):
            words = {"text": [self.task] * len(batch), "padding": True} if self.task else {}
            yield positions, self.processor(images=batch, return_tensors="pt", **words)
