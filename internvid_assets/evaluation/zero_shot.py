"""Zero-shot action recognition: a video's class is the one whose prompts are nearest to its vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from internvid_assets.cells.errors import UserError

TEMPLATES = Path(__file__).parent / "templates"
PLACE = "{}"


@cache
def templates(name: str) -> tuple[str, ...]:
    """The templates of a file in `templates/` or of a custom file: one per line, with `{}` in place of the name."""
    shipped = TEMPLATES / f"{name}.txt"
    path = shipped if shipped.is_file() else Path(name)
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in TEMPLATES.glob("*.txt")))
        raise UserError(f"templates {name!r}: expected {known}, or a file")
    lines = tuple(line for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    for line in lines:
        if line.count(PLACE) != 1:
            raise UserError(f"{path}: {line!r}: expected one {PLACE} in place of the class name")
    return lines


def prompts(classes: Sequence[str], wordings: Sequence[str]) -> list[list[str]]:
    """For each class, its name in each of the templates."""
    return [[wording.replace(PLACE, name) for wording in wordings] for name in classes]


def class_scores(videos: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """[V, classes]: the mean cosine over all templates, from unit vectors [V, d] and [classes, templates, d].

    The mean of the cosines, as in the released code, not the cosine with the mean.
    """
    return np.einsum("vd,cwd->vc", videos, texts) / texts.shape[1]


@dataclass(frozen=True)
class Accuracy:
    """In percent; `average` of both is the figure in brackets in the paper's tables."""

    videos: int
    top_1: float
    top_5: float

    @property
    def average(self) -> float:
        return (self.top_1 + self.top_5) / 2


def accuracy(scores: np.ndarray, labels: np.ndarray) -> Accuracy:
    """From scores [V, classes] and labels [V]; ties count against the true class."""
    own = scores[np.arange(len(scores)), labels][:, None]
    before = (scores >= own).sum(axis=1) - 1
    return Accuracy(len(labels), float(100 * (before < 1).mean()), float(100 * (before < 5).mean()))


def confusion(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """int [classes, classes]: row = the true class, column = the one with the highest score."""
    classes = scores.shape[1]
    found = np.zeros((classes, classes), dtype=int)
    np.add.at(found, (labels, scores.argmax(axis=1)), 1)
    return found
