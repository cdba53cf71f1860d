"""Clip-caption similarity with a ViCLIP, which encodes all frames of a clip jointly: one cosine per caption."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from internvid_assets.models.agreement import cosines_with_own
from internvid_assets.models.protocols import Image, VideoEmbedder
from internvid_assets.models.viclip.embedding import load_embedder


def load_similarity(source: str, revision: str, *, tokenizer: str) -> ViclipSimilarity:
    """With the checkpoint of a folder or file, and its tokenizer."""
    return ViclipSimilarity(load_embedder(source, revision, tokenizer=tokenizer))


class ViclipSimilarity:
    """Implements `SimilarityScorer`, with one row of cosines per clip; no rows for a clip without frames."""

    def __init__(self, embedder: VideoEmbedder) -> None:
        self.embedder = embedder

    def similarity(self, frames: Iterable[Sequence[Image]], captions: Sequence[Sequence[str]]) -> list[np.ndarray]:
        seen: list[int] = []
        videos = self.embedder.embed_videos(_with_frames(frames, seen))  # [clips with frames, E]
        ends = np.cumsum(seen, dtype=int)
        return cosines_with_own(np.split(videos, ends)[:-1], captions, self.embedder.embed_texts)


def _with_frames(clips: Iterable[Sequence[Image]], seen: list[int]) -> Iterator[Sequence[Image]]:
    """The clips that have frames; for each clip, 1 or 0 is appended to `seen`."""
    for clip in clips:
        seen.append(min(len(clip), 1))
        if len(clip):
            yield clip
