"""From vectors to table rows: the metrics of one checkpoint.

V videos, T distinct texts, C classes, W templates, E width of the joint space; vectors are of unit length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from internvid_assets.evaluation.retrieval import RECALL_AT, Retrieval, dual_softmax, retrieval
from internvid_assets.evaluation.zero_shot import Accuracy, accuracy

ALL = "all actions"


def action_rows(scores: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> list[dict[str, Any]]:
    """From scores [V, C] and labels [V]: the metrics over all videos, then over those of each class."""
    parts = {ALL: np.ones(len(labels), dtype=bool)}
    parts |= {name: labels == number for number, name in enumerate(classes) if (labels == number).any()}
    return [
        {"action": action, "measure": measure, "value": value, "videos": int(own.sum()), "actions": len(classes)}
        for action, own in parts.items()
        for measure, value in _measures(accuracy(scores[own], labels[own])).items()
    ]


def _measures(found: Accuracy) -> dict[str, float]:
    return {"top_1": found.top_1, "top_5": found.top_5, "average": found.average}


def retrieval_rows(videos: np.ndarray, texts: np.ndarray, relevant: np.ndarray) -> list[dict[str, Any]]:
    """From [V, E], [T, E] and the relevance matrix, bool [V, T]: both directions, plain and with dual softmax."""
    scores = videos @ texts.T
    directions = {"text_to_video": (scores.T, relevant.T), "video_to_text": (scores, relevant)}
    return [
        {"direction": direction, "ranking": ranking, **row, "candidates": own.shape[1]}
        for direction, (own, belongs) in directions.items()
        for ranking, ranked in (("plain", own), ("dual_softmax", dual_softmax(own)))
        for row in _ranks(retrieval(ranked, belongs))
    ]


def _ranks(found: Retrieval) -> list[dict[str, Any]]:
    names = [*(f"recall_at_{k}" for k in RECALL_AT), "median_rank"]
    return [{"measure": name, "value": getattr(found, name), "queries": found.queries} for name in names]
