"""How well frames and captions agree by any CLIP or SigLIP of transformers: over all frames, or one drawn per clip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np

from internvid_assets.models.agreement import cosines_with_own
from internvid_assets.models.clip_videos import picture_vectors
from internvid_assets.models.protocols import ClipEmbedder, Image
from internvid_assets.models.transformers_clip import load_embedder

DRAW = b"42"
"""Another key draws other frames."""


def load_similarity(source: str, revision: str) -> ClipSimilarity:
    """The cosine of frames and captions by the CLIP of a folder or a pinned hub id."""
    return ClipSimilarity(load_embedder(source, revision))


def load_clip_score(source: str, revision: str) -> OneFrameSimilarity:
    """As `load_similarity`, of one frame per clip."""
    return OneFrameSimilarity(load_similarity(source, revision))


class ClipSimilarity:
    """Answers `SimilarityScorer`: every frame of every clip goes through CLIP once, in shared batches."""

    def __init__(self, embedder: ClipEmbedder) -> None:
        self.embedder = embedder

    def similarity(self, frames: Iterable[Sequence[Image]], captions: Sequence[Sequence[str]]) -> list[np.ndarray]:
        return cosines_with_own(picture_vectors(frames, self.embedder), captions, self.embedder.embed_texts)


class OneFrameSimilarity:
    """Answers `SimilarityScorer` by one frame drawn from each clip: the CLIPScore by which the released FLT was chosen.

    A cosine as it is: CLIPScore's factor of 2.5 changes no order, and its cut at 0 only that of the worst.
    """

    def __init__(self, scorer: ClipSimilarity) -> None:
        self.scorer = scorer

    def similarity(self, frames: Iterable[Sequence[Image]], captions: Sequence[Sequence[str]]) -> list[np.ndarray]:
        return self.scorer.similarity(map(drawn, frames), captions)


def drawn(frames: Sequence[Image]) -> list[Image]:
    """One frame at random, of none none: the frame with the smallest keyed hash, so the same one in every batch."""
    return sorted(frames, key=lambda frame: blake2b(frame.tobytes(), key=DRAW).digest())[:1]
