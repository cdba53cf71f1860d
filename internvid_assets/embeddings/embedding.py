"""Embedding as remembered calls: a clip's frames and its caption into one space."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Work


def embed_clips(bench: Bench) -> Work:
    """The mean of a clip's frame vectors and the vector of its caption, both of unit length."""
    embedder = bench.models.embedder
    model, revision = bench.models.specs["embedder"].identity

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        hashes = batch["frame_hashes"].to_list()
        frames = embedder.embed_images(bench.frames.stream(list(chain.from_iterable(hashes))))
        captions = embedder.embed_texts(batch["caption"].to_list())
        ends = np.cumsum([len(each) for each in hashes])
        videos = [unit(part.mean(axis=0)) for part in np.split(frames, ends[:-1])]
        who = {"model": model, "revision": revision}
        return [_outcome(*vectors, **who) for vectors in zip(videos, captions, strict=True)]

    return work


def _outcome(video: np.ndarray, caption: np.ndarray, **who: str) -> Outcome:
    """A model in half precision may overflow: such a clip has a reason, and is not in the index."""
    if not (np.isfinite(video).all() and np.isfinite(caption).all()):
        return CallError("not_a_number", "the model's answer is not finite")
    return {"video_embedding": video.tolist(), "caption_embedding": caption.tolist(), **who}


def unit(vector: np.ndarray) -> np.ndarray:
    """`vector` at length one; a zero vector stays zero."""
    length = np.linalg.norm(vector)
    return vector / length if length else vector
