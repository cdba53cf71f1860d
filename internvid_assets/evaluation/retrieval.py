"""Retrieval between videos and texts: recall and median rank, by plain cosines or by dual softmax.

V videos, T texts. A score matrix is [V, T]; `relevant` is the boolean relevance matrix, so a video may have several
texts, and a text several videos.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RECALL_AT = (1, 5, 10)


@dataclass(frozen=True)
class Retrieval:
    """One direction: the percentage of queries with a relevant answer among the first k, and the median rank."""

    queries: int
    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    median_rank: float
    """From 1."""


def retrieval(scores: np.ndarray, relevant: np.ndarray | None = None) -> Retrieval:
    """The rows of `scores` are the queries; without `relevant`, column i is the only relevant one for row i."""
    ranks = best_ranks(scores, np.eye(*scores.shape, dtype=bool) if relevant is None else relevant)
    at = {f"recall_at_{k}": float(100 * (ranks <= k).mean()) for k in RECALL_AT}
    return Retrieval(queries=len(ranks), **at, median_rank=float(np.median(ranks)))


def best_ranks(scores: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """int [rows]: the rank, from 1, of the best relevant column.

    Ties count against it: a model with constant scores finds nothing.
    """
    if not relevant.any(axis=1).all():
        row = int(np.flatnonzero(~relevant.any(axis=1))[0])
        raise ValueError(f"query {row} has no relevant answer: exclude it")
    best = np.where(relevant, scores, -np.inf).max(axis=1, keepdims=True)
    return 1 + ((scores >= best) & ~relevant).sum(axis=1)


def dual_softmax(scores: np.ndarray) -> np.ndarray:
    """Scores times their softmax over the rows (Cheng et al., 2021), which penalizes columns that match other rows.

    Needs all queries at once; no temperature, as in the released code. For the other direction, pass `scores.T`.
    """
    exponentials = np.exp(scores - scores.max(axis=0))
    return scores * exponentials / exponentials.sum(axis=0)
