"""Videos through a CLIP, which sees one picture at a time: all pictures of all videos in shared batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from internvid_assets.models.protocols import ClipEmbedder, Image
from internvid_assets.models.transformers_clip import load_embedder


def load_video_embedder(source: str, revision: str) -> MeanOfPictures:
    """By the CLIP or SigLIP of a folder or a pinned hub id."""
    return MeanOfPictures(load_embedder(source, revision))


class MeanOfPictures:
    """Answers `VideoEmbedder`: a video's vector is the mean of its pictures' own, at unit length."""

    def __init__(self, embedder: ClipEmbedder) -> None:
        self.embedder = embedder

    def embed_videos(self, videos: Iterable[Sequence[Image]]) -> np.ndarray:
        means = [unit(own.mean(axis=0)) for own in picture_vectors(videos, self.embedder)]
        return np.stack(means) if means else self.embed_texts([])  # which is no rows of as many columns

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        return self.embedder.embed_texts(texts)


def picture_vectors(videos: Iterable[Sequence[Image]], embedder: ClipEmbedder) -> list[np.ndarray]:
    """Unit vectors [its pictures, d] per video, which may have none."""
    lengths: list[int] = []
    vectors = embedder.embed_images(_counted(videos, lengths))  # [all pictures, d]
    return np.split(vectors, np.cumsum(lengths, dtype=int))[:-1]


def _counted(videos: Iterable[Sequence[Image]], lengths: list[int]) -> Iterator[Image]:
    """The pictures of all videos; how many each has is added to `lengths`."""
    for video in videos:
        lengths.append(len(video))
        yield from video


def unit(vector: np.ndarray) -> np.ndarray:
    """`vector` at length one; a zero vector stays zero."""
    length = np.linalg.norm(vector)
    return vector / length if length else vector
