"""Frame-caption similarity with any CLIP or SigLIP of transformers: over all frames, or one random frame per clip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np

from internvid_assets.models.agreement import cosines_with_own
from internvid_assets.models.clip_videos import picture_vectors
from internvid_assets.models.protocols import ClipEmbedder, Image
from internvid_assets.models.transformers_clip import load_embedder

DRAW = b"42"
"""The key of the random choice of frames."""


def load_similarity(source: str, revision: str) -> ClipSimilarity:
    """The cosine of frames and captions with the CLIP of a folder or a pinned hub id."""
    return ClipSimilarity(load_embedder(source, revision))


def load_clip_score(source: str, revision: str) -> OneFrameSimilarity:
    """As `load_similarity`, for one frame per clip."""
    return OneFrameSimilarity(load_similarity(source, revision))


class ClipSimilarity:
    """Implements `SimilarityScorer`: every frame of every clip is embedded once, in shared batches."""

    def __init__(self, embedder: ClipEmbedder) -> None:
        self.embedder = embedder

    def similarity(self, frames: Iterable[Sequence[Image]], captions: Sequence[Sequence[str]]) -> list[np.ndarray]:
        return cosines_with_own(picture_vectors(frames, self.embedder), captions, self.embedder.embed_texts)


class OneFrameSimilarity:
    """Implements `SimilarityScorer` with one random frame per clip: the CLIPScore that selected the released FLT.

    The raw cosine: CLIPScore's factor of 2.5 does not change the order, and clipping at 0 only that of the worst.
    """

    def __init__(self, scorer: ClipSimilarity) -> None:
        self.scorer = scorer

    def similarity(self, frames: Iterable[Sequence[Image]], captions: Sequence[Sequence[str]]) -> list[np.ndarray]:
        return self.scorer.similarity(map(drawn, frames), captions)


def drawn(frames: Sequence[Image]) -> list[Image]:
    """A random frame, if any: the one with the smallest keyed hash, so the choice does not depend on the batch."""
    return sorted(frames, key=lambda frame: blake2b(frame.tobytes(), key=DRAW).digest())[:1]
