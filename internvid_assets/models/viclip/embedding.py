"""Video and text embeddings with a ViCLIP checkpoint, for scores, embeddings, search and evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from internvid_assets.cells.errors import UserError
from internvid_assets.models.batching import ahead, chunks
from internvid_assets.models.protocols import Image
from internvid_assets.models.transformers_loading import best_device, best_dtype, ready
from internvid_assets.models.viclip.checkpoint import load_viclip
from internvid_assets.models.viclip.frame_sampling import middle_frames
from internvid_assets.models.viclip.model import Viclip
from internvid_assets.models.viclip.pictures import prepared
from internvid_assets.models.viclip.tokens import Words, words_beside, words_of


def load_embedding(checkpoint: str | Path) -> ViclipEmbedding:
    """On the best device, with the tokenizer stored with the checkpoint, or else CLIP's."""
    model = load_viclip(checkpoint)
    device = best_device()
    words = words_beside(Path(checkpoint), context_tokens=model.sizes.context_tokens)
    return ViclipEmbedding(model.to(device, best_dtype(device)), words)


@cache
def load_embedder(source: str, revision: str, *, tokenizer: str) -> ViclipEmbedding:
    """The adapter of a checkpoint with the given tokenizer; loaded once per process, for scores and embeddings."""
    model = load_viclip(source)
    words = words_of(tokenizer, context_tokens=model.sizes.context_tokens)
    if words.end != model.sizes.end_token:
        raise UserError(
            f"{source} has end token {model.sizes.end_token}, {tokenizer} has {words.end}: expected the tokenizer that "
            "it was trained with; set tokenizer to its folder"
        )
    device = best_device()
    return ViclipEmbedding(ready(model.to(best_dtype(device)), device), words)


class ViclipEmbedding:
    """Implements `VideoEmbedder`: unit vectors in the joint space of both encoders."""

    def __init__(self, model: Viclip, words: Words, *, videos_per_batch: int = 8, texts_per_batch: int = 64) -> None:
        self.model, self.words = model.eval(), words
        self.videos_per_batch, self.texts_per_batch = videos_per_batch, texts_per_batch

    def embed_videos(self, videos: Iterable[Sequence[Image]]) -> np.ndarray:
        """float32 [videos, E] from frames uint8 [H, W, 3] in temporal order.

        A video is divided into as many intervals as the model has frames, and the middle frame of each is used; for a
        shorter video, the last frame is repeated.
        """
        return self._stacked([self._videos(batch) for batch in ahead(chunks(videos, self.videos_per_batch))])

    def video_features(self, videos: Iterable[Sequence[Image]]) -> np.ndarray:
        """float32 [videos, D] from the same frames: the video encoder's features before the joint space."""
        return np.concatenate([self._features(batch) for batch in chunks(videos, self.videos_per_batch)])

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """float32 [texts, E], normalized as in the released datasets."""
        return self._stacked([self._texts(batch) for batch in chunks(texts, self.texts_per_batch)])

    @torch.inference_mode()
    def _videos(self, videos: Sequence[Sequence[Image]]) -> np.ndarray:
        return _unit(self.model.encode_video(torch.stack([self._pixels(video) for video in videos])))

    @torch.inference_mode()
    def _features(self, videos: Sequence[Sequence[Image]]) -> np.ndarray:
        pixels = torch.stack([self._pixels(video) for video in videos])
        return self.model.vision_encoder.features(pixels).float().cpu().numpy()

    def _pixels(self, video: Sequence[Image]) -> Tensor:
        """[T, 3, side, side] on the model's device, in its precision."""
        chosen = [video[index] for index in middle_frames(len(video), self.model.sizes.frames)]
        frames = torch.stack([torch.from_numpy(np.ascontiguousarray(picture)) for picture in chosen])
        side, weight = self.model.sizes.image_pixels, self.model.vision_encoder.proj
        return prepared(frames.permute(0, 3, 1, 2).to(weight.device), side).to(weight.dtype)

    @torch.inference_mode()
    def _texts(self, texts: Sequence[str]) -> np.ndarray:
        return _unit(self.model.encode_text(self.words.captions(texts).to(self.model.vision_encoder.proj.device)))

    def _stacked(self, parts: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(parts) if parts else np.zeros((0, self.model.sizes.joint_width), np.float32)


def _unit(vectors: Tensor) -> np.ndarray:
    return F.normalize(vectors.float(), dim=-1).cpu().numpy()
