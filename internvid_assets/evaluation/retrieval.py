"""Retrieval between videos and texts: recall and median rank, by plain cosines or by dual softmax.

V videos, T texts. A score matrix is [V, T]; `relevant` is the boolean matrix of what belongs together, so that a video
may have several texts, and a text several videos.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RECALL_AT = (1, 5, 10)


@dataclass(frozen=True)
class Retrieval:
    """One direction: how often one of what belongs to a query is among the first k, in percent, and at which rank."""

    queries: int
    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    median_rank: float
    """From 1."""


def retrieval(scores: np.ndarray, relevant: np.ndarray | None = None) -> Retrieval:
    """Of the queries in the rows of `scores`; without `relevant`, the i-th column is what the i-th row asks for."""
    ranks = best_ranks(scores, np.eye(*scores.shape, dtype=bool) if relevant is None else relevant)
    at = {f"recall_at_{k}": float(100 * (ranks <= k).mean()) for k in RECALL_AT}
    return Retrieval(queries=len(ranks), **at, median_rank=float(np.median(ranks)))


def best_ranks(scores: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """int [rows]: the rank, from 1, of the best relevant column.

    Equals count as being before it: a model that scores everything alike finds nothing.
    """
    if not relevant.any(axis=1).all():
        row = int(np.flatnonzero(~relevant.any(axis=1))[0])
        raise ValueError(f"query {row} has no relevant answer; leave it out")
    best = np.where(relevant, scores, -np.inf).max(axis=1, keepdims=True)
    return 1 + ((scores >= best) & ~relevant).sum(axis=1)


def dual_softmax(scores: np.ndarray) -> np.ndarray:
    """Scores times their softmax over the rows (Cheng et al., 2021): how well a column fits others counts against it.

    It needs all queries at once; no temperature, as in the released code. For the other direction: of `scores.T`.
    """
    exponentials = np.exp(scores - scores.max(axis=0))
    return scores * exponentials / exponentials.sum(axis=0)
