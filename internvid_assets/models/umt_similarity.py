"""UMT-SIM (InternVid 3.3): frames and captions through UMT, prepared as its own evaluation does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import BertTokenizer

from internvid_assets.cells.errors import UserError
from internvid_assets.models.agreement import cosines_with_own
from internvid_assets.models.pre_text import pre_text
from internvid_assets.models.protocols import Image
from internvid_assets.models.transformers_loading import best_device, best_dtype, chunks, load_part
from internvid_assets.models.umt import Umt
from internvid_assets.models.umt_checkpoint import load_umt

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's, per channel."""
MAX_TEXT_TOKENS = 32


def load_umt_similarity(source: str, revision: str, *, tokenizer: str) -> UmtSimilarity:
    """From a published checkpoint and the folder of the tokenizer of its BERT."""
    words = load_part(BertTokenizer, tokenizer, revision)
    model = load_umt(Path(source))
    if len(words) > model.sizes.words:
        raise UserError(
            f"tokenizer {tokenizer} has {len(words)} tokens: expected at most the {model.sizes.words} of {source}; set "
            "models.similarity.tokenizer to a folder with the vocab.txt of bert-base-uncased or bert-large-uncased"
        )
    device = best_device()
    return UmtSimilarity(model.to(device, best_dtype(device)), words)


class UmtSimilarity:
    """Answers `SimilarityScorer`: the frames of a clip see each other, so clips of as many frames share a batch."""

    def __init__(self, model: Umt, tokenizer, *, clips_per_batch: int = 8, texts_per_batch: int = 64) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.clips_per_batch, self.texts_per_batch = clips_per_batch, texts_per_batch

    def similarity(self, frames: Sequence[Sequence[Image]], captions: Sequence[Sequence[str]]) -> list[np.ndarray]:
        return cosines_with_own(self.embed_clips(frames), captions, self.embed_texts)

    def embed_clips(self, clips: Sequence[Sequence[Image]]) -> list[np.ndarray]:
        """Unit vectors [frames, d] per clip."""
        vectors = [np.zeros((0, self.model.sizes.joint_width), np.float32) for _ in clips]
        for length in sorted({len(clip) for clip in clips} - {0}):
            alike = [index for index, clip in enumerate(clips) if len(clip) == length]
            for batch in chunks(alike, self.clips_per_batch):
                embedded = self._clips([clips[index] for index in batch])
                for index, own in zip(batch, embedded, strict=True):
                    vectors[index] = own
        return vectors

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        parts = [self._texts(batch) for batch in chunks(texts, self.texts_per_batch)]
        return np.concatenate(parts) if parts else np.zeros((0, self.model.sizes.joint_width), np.float32)

    @torch.inference_mode()
    def _clips(self, clips: Sequence[Sequence[Image]]) -> np.ndarray:
        side = self.model.sizes.image_pixels
        pixels = torch.stack([torch.stack([prepared(frame, side) for frame in clip]) for clip in clips])
        return unit(self.model.encode_video(pixels.to(self._weight)))

    @torch.inference_mode()
    def _texts(self, texts: Sequence[str]) -> np.ndarray:
        worded = [pre_text(text) for text in texts]
        tokens = self.tokenizer(worded, padding=True, truncation=True, max_length=MAX_TEXT_TOKENS, return_tensors="pt")
        device = self._weight.device
        return unit(self.model.encode_text(tokens["input_ids"].to(device), tokens["attention_mask"].to(device)))

    @property
    def _weight(self) -> Tensor:
        """Any of them: on the model's device, in its precision."""
        return self.model.vision_proj.weight


def prepared(frame: Image, side: int) -> Tensor:
    """[3, side, side], normalised: squeezed into a square without antialiasing, as torchvision did in UMT's time."""
    pixels = torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1).float()  # [3, H, W]
    square = F.interpolate(pixels[None], size=(side, side), mode="bicubic", align_corners=False)[0]
    mean, deviation = (torch.tensor(told)[:, None, None] for told in (MEAN, DEVIATION))
    return (square.round().clamp(0, 255) / 255 - mean) / deviation


def unit(vectors: Tensor) -> np.ndarray:
    """float32 vectors of unit length along the last axis."""
    return F.normalize(vectors.float(), dim=-1).cpu().numpy()
