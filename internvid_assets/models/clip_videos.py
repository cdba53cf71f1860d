"""Video embeddings with a CLIP, which encodes single images: all frames of all videos in shared batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from internvid_assets.models.protocols import ClipEmbedder, Image
from internvid_assets.models.transformers_clip import load_embedder


def load_video_embedder(source: str, revision: str) -> MeanOfPictures:
    """With the CLIP or SigLIP of a folder or a pinned hub id."""
    return MeanOfPictures(load_embedder(source, revision))


class MeanOfPictures:
    """Implements `VideoEmbedder`: the normalized mean of the frame embeddings."""

    def __init__(self, embedder: ClipEmbedder) -> None:
        self.embedder = embedder

    def embed_videos(self, videos: Iterable[Sequence[Image]]) -> np.ndarray:
        means = [unit(own.mean(axis=0)) for own in picture_vectors(videos, self.embedder)]
        return np.stack(means) if means else self.embed_texts([])  # [0, d]

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        return self.embedder.embed_texts(texts)


def picture_vectors(videos: Iterable[Sequence[Image]], embedder: ClipEmbedder) -> list[np.ndarray]:
    """Unit vectors [frames, d] per video; a video may have no frames."""
    lengths: list[int] = []
    vectors = embedder.embed_images(_counted(videos, lengths))  # [all pictures, d]
    return np.split(vectors, np.cumsum(lengths, dtype=int))[:-1]


def _counted(videos: Iterable[Sequence[Image]], lengths: list[int]) -> Iterator[Image]:
    """The frames of all videos; the number of each is appended to `lengths`."""
    for video in videos:
        lengths.append(len(video))
        yield from video


def unit(vector: np.ndarray) -> np.ndarray:
    """`vector` normalized to unit length; a zero vector stays zero."""
    length = np.linalg.norm(vector)
    return vector / length if length else vector
