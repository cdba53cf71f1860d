"""Cosines of frame and caption embeddings: the last step of every similarity scorer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np


def cosines_with_own(
    frames: Sequence[np.ndarray], captions: Sequence[Sequence[str]], embed_texts: Callable[[Sequence[str]], np.ndarray]
) -> list[np.ndarray]:
    """Per clip [frames, captions], from unit vectors [frames, d]; each distinct caption is embedded once."""
    distinct = sorted(set(chain.from_iterable(captions)))
    rows = {text: row for row, text in enumerate(distinct)}
    texts = embed_texts(distinct)  # [distinct captions, d]
    return [own @ texts[[rows[text] for text in own_texts]].T for own, own_texts in zip(frames, captions, strict=True)]
