"""UMT-SIM (InternVid 3.3): the similarity of frames and captions with UMT, preprocessed as in its own evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import BertTokenizer

from internvid_assets.cells.errors import UserError
from internvid_assets.models.agreement import cosines_with_own
from internvid_assets.models.batching import ahead, batches_by_size, chunks
from internvid_assets.models.pre_text import pre_text
from internvid_assets.models.protocols import Image
from internvid_assets.models.transformers_loading import best_device, best_dtype, load_part, ready
from internvid_assets.models.umt import Umt
from internvid_assets.models.umt_checkpoint import load_umt

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's, per channel."""
MAX_TEXT_TOKENS = 32


def load_umt_similarity(source: str, revision: str, *, tokenizer: str) -> UmtSimilarity:
    """From a published checkpoint and the folder of its BERT's tokenizer."""
    words = load_part(BertTokenizer, tokenizer, revision)
    model = load_umt(Path(source))
    if len(words) > model.sizes.words:
        raise UserError(
            f"tokenizer {tokenizer} has {len(words)} tokens: expected at most the {model.sizes.words} of {source}; set "
            "models.similarity.tokenizer to a folder with the vocab.txt of bert-base-uncased or bert-large-uncased"
        )
    device = best_device()
    return UmtSimilarity(ready(model.to(best_dtype(device)), device), words)


class UmtSimilarity:
    """Implements `SimilarityScorer`: frames of a clip attend to each other, so batches have clips of equal length."""

    def __init__(self, model: Umt, tokenizer, *, clips_per_batch: int = 8, texts_per_batch: int = 64) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.clips_per_batch, self.texts_per_batch = clips_per_batch, texts_per_batch

    def similarity(self, frames: Iterable[Sequence[Image]], captions: Sequence[Sequence[str]]) -> list[np.ndarray]:
        return cosines_with_own(self.embed_clips(frames), captions, self.embed_texts)

    def embed_clips(self, clips: Iterable[Sequence[Image]]) -> list[np.ndarray]:
        """Unit vectors [frames, d] per clip."""
        found: dict[int, np.ndarray] = {}
        for positions, pixels in ahead(self._batches(clips)):
            found |= zip(positions, self._clips(pixels), strict=True)
        return [found[position] for position in range(len(found))]

    def _batches(self, clips: Iterable[Sequence[Image]]) -> Iterator[tuple[Sequence[int], Tensor]]:
        """(positions, pixels [clips, frames, 3, side, side]) of clips with equally many frames, possibly none."""
        side = self.model.sizes.image_pixels
        for positions, batch in batches_by_size(clips, self.clips_per_batch, len):
            for length, alike in groupby(zip(positions, batch, strict=True), lambda clip: len(clip[1])):
                own, frames = zip(*alike, strict=True)
                pixels = [prepared(frame, side) for clip in frames for frame in clip]
                shape = len(own), length, 3, side, side
                yield own, torch.stack(pixels).view(shape) if pixels else torch.empty(shape)

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        parts = [self._texts(batch) for batch in chunks(texts, self.texts_per_batch)]
        return np.concatenate(parts) if parts else np.zeros((0, self.model.sizes.joint_width), np.float32)

    @torch.inference_mode()
    def _clips(self, pixels: Tensor) -> np.ndarray:
        if not pixels.numel():
            return np.zeros((*pixels.shape[:2], self.model.sizes.joint_width), np.float32)
        return unit(self.model.encode_video(pixels.to(self._weight)))

    @torch.inference_mode()
    def _texts(self, texts: Sequence[str]) -> np.ndarray:
        worded = [pre_text(text) for text in texts]
        tokens = self.tokenizer(worded, padding=True, truncation=True, max_length=MAX_TEXT_TOKENS, return_tensors="pt")
        device = self._weight.device
        return unit(self.model.encode_text(tokens["input_ids"].to(device), tokens["attention_mask"].to(device)))

    @property
    def _weight(self) -> Tensor:
        """Any weight, for the model's device and precision."""
        return self.model.vision_proj.weight


def prepared(frame: Image, side: int) -> Tensor:
    """[3, side, side], normalised: resized to a square without antialiasing, as in torchvision at UMT's release."""
    pixels = torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1).float()  # [3, H, W]
    square = F.interpolate(pixels[None], size=(side, side), mode="bicubic", align_corners=False)[0]
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
    return (square.round().clamp(0, 255) / 255 - mean) / deviation


def unit(vectors: Tensor) -> np.ndarray:
    """float32 vectors of unit length along the last axis."""
    return F.normalize(vectors.float(), dim=-1).cpu().numpy()
