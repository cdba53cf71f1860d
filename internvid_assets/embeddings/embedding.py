"""Embedding as stored calls: a clip's frames and its caption into one space."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice

import numpy as np
import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Work


def embed_clips(bench: Bench) -> Work:
    """The unit-length embeddings of a clip's frames and of its caption."""
    embedder = bench.models.video_embedder
    model, revision = bench.models.specs["video_embedder"].identity

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        hashes = batch["frame_hashes"].to_list()
        images = bench.frames.stream(list(chain.from_iterable(hashes)))
        videos = embedder.embed_videos(list(islice(images, len(own))) for own in hashes)
        captions = embedder.embed_texts(batch["caption"].to_list())
        who = {"model": model, "revision": revision}
        return [_outcome(*vectors, **who) for vectors in zip(videos, captions, strict=True)]

    return work


def _outcome(video: np.ndarray, caption: np.ndarray, **who: str) -> Outcome:
    """A model in half precision may overflow: such a call fails, so the clip is not in the index."""
    if not (np.isfinite(video).all() and np.isfinite(caption).all()):
        return CallError("not_a_number", "the model's answer is not finite")
    return {"video_embedding": video.tolist(), "caption_embedding": caption.tolist(), **who}
