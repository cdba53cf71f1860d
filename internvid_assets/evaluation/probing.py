"""Linear probes (Radford et al., 2021, A.3): logistic regression of actions on the features of a frozen encoder.

V videos, D width of the features, C classes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from internvid_assets.cells.errors import UserError
from internvid_assets.evaluation.listing import SPLITS
from internvid_assets.evaluation.zero_shot import accuracy

if TYPE_CHECKING:
    from torch import Tensor

TRAIN, VALIDATION, TEST = SPLITS


@dataclass(frozen=True)
class Shares:
    """The fractions of each class's videos for validation and testing; the rest is for training."""

    validation: float
    test: float
    seed: int = 0


@dataclass(frozen=True)
class Probe:
    """The penalty selected by validation, and the test scores of the probe trained with it on all other videos."""

    l2: float
    """The weight of the penalty."""
    validation_top_1: float
    scores: np.ndarray
    """[test videos, C]."""


def split_of(contents: Sequence[str], labels: Sequence[str], given: Sequence[str | None], shares: Shares) -> np.ndarray:
    """str [V]: the `given` split, or a random one by content: the same on every machine, and for copies of a video.

    Stratified by class. If only training and test videos are given, a part of the training videos is used for
    validation. Raises UserError if a split has no videos.
    """
    drawn = _drawn(contents, labels, shares)
    found = np.array([own or other for own, other in zip(given, drawn, strict=True)])
    if any(given) and VALIDATION not in found:
        share = shares.validation / (1 - shares.test)
        inner = _drawn(contents, labels, Shares(validation=share, test=0, seed=shares.seed))
        found = np.where((found == TRAIN) & (inner == VALIDATION), VALIDATION, found)
    for name in SPLITS:
        if name not in found:
            raise UserError(f"no {name} videos for a linear probe: expected more of each action, or a column split")
    return found


def _drawn(contents: Sequence[str], labels: Sequence[str], shares: Shares) -> np.ndarray:
    """Distinct contents of each class in the order of a hash: the first are for testing, the next for validation."""
    found = np.full(len(labels), TRAIN, dtype="<U10")
    for label in sorted(set(labels)):
        own = sorted({content for content, one in zip(contents, labels, strict=True) if one == label})
        own.sort(key=lambda content: hashlib.blake2b(f"{shares.seed}\0{content}".encode()).digest())
        test = math.floor(shares.test * len(own) + 0.5)
        validation = math.floor(shares.validation * len(own) + 0.5)
        place = {content: number for number, content in enumerate(own)}
        for number, (content, one) in enumerate(zip(contents, labels, strict=True)):
            if one == label and place[content] < test + validation:
                found[number] = TEST if place[content] < test else VALIDATION
    return found


def probe(
    features: np.ndarray, labels: np.ndarray, splits: np.ndarray, *, classes: int, l2s: Sequence[float], steps: int
) -> Probe:
    """From features [V, D] and labels [V]: tries each penalty and selects the best on the validation videos.

    Ties in top-1 are broken by the lower loss. Then the probe is trained on training and validation videos.
    """
    train, validation, test = (splits == name for name in SPLITS)
    tried = []
    for l2 in l2s:
        scores = _scores(_trained(features[train], labels[train], classes, l2, steps), features[validation])
        tried.append((accuracy(scores, labels[validation]).top_1, -_loss(scores, labels[validation]), l2))
    top_1, _, l2 = max(tried)
    weights = _trained(features[~test], labels[~test], classes, l2, steps)
    return Probe(l2, top_1, _scores(weights, features[test]))


def _trained(features: np.ndarray, labels: np.ndarray, classes: int, l2: float, steps: int) -> tuple[Tensor, Tensor]:
    """Weights [C, D] and biases [C] that minimize mean cross-entropy + l2 / 2 |weights|^2, by L-BFGS in float64."""
    import torch
    from torch.nn import functional as F

    x, y = torch.from_numpy(features).double(), torch.from_numpy(labels)
    weight = torch.zeros(classes, x.shape[1], dtype=x.dtype, requires_grad=True)
    bias = torch.zeros(classes, dtype=x.dtype, requires_grad=True)
    least = torch.optim.LBFGS([weight, bias], max_iter=steps, tolerance_grad=1e-6, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        least.zero_grad()
        value = F.cross_entropy(F.linear(x, weight, bias), y) + l2 / 2 * weight.square().sum()
        value.backward()
        return value

    least.step(loss)  # pyright: ignore[reportArgumentType]
    return weight.detach(), bias.detach()


def _scores(probe: tuple[Tensor, Tensor], features: np.ndarray) -> np.ndarray:
    weight, bias = (tensor.numpy() for tensor in probe)
    return features.astype(np.float64) @ weight.T + bias


def _loss(scores: np.ndarray, labels: np.ndarray) -> float:
    """Mean cross-entropy of scores [V, C]."""
    largest = scores.max(axis=1, keepdims=True)
    sums = np.log(np.exp(scores - largest).sum(axis=1)) + largest[:, 0]
    return float((sums - scores[np.arange(len(labels)), labels]).mean())
