"""The rows of each step: a function of seed and step alone, so a resumed run finds its position at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from internvid_assets.cells.errors import UserError


@dataclass(frozen=True)
class Draw:
    """A row in an epoch; its random numbers depend only on these two, not on the process."""

    epoch: int
    row: int
    is_of_verbs: bool = False
    """Whether its text is the verb phrases of its caption."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """Batches by step, each row at most once per epoch; the rows left over after the last full batch are skipped.

    A step's batch is sliced among the ranks, so the batch is the same for any number of them.
    """

    rows: int
    batch_size: int
    """Samples over all ranks."""
    steps: int
    seed: int
    rank: int = 0
    ranks: int = 1
    first_step: int = 0
    verb_share: float = 0.0
    """Fraction of steps whose texts are verb phrases, spread evenly."""

    def __post_init__(self) -> None:
        if self.batch_size > self.rows:
            raise UserError(f"batch_size = {self.batch_size}: expected at most the {self.rows} rows to train on")
        if self.batch_size % self.ranks:
            raise UserError(f"batch_size = {self.batch_size}: expected a multiple of the {self.ranks} processes")

    @property
    def steps_per_epoch(self) -> int:
        return self.rows // self.batch_size

    def __len__(self) -> int:
        return self.steps - self.first_step

    def __iter__(self) -> Iterator[list[Draw]]:
        """This rank's slice of each step's batch, from `first_step` on."""
        return (self.share(step) for step in range(self.first_step, self.steps))

    def share(self, step: int) -> list[Draw]:
        """This rank's slice of the batch of `step`."""
        epoch, place = divmod(step, self.steps_per_epoch)
        own = self.batch_size // self.ranks
        start = place * self.batch_size + self.rank * own
        order = _order(self.rows, self.seed, epoch)
        is_of_verbs = int((step + 1) * self.verb_share) > int(step * self.verb_share)
        return [Draw(epoch, int(row), is_of_verbs) for row in order[start : start + own]]


@lru_cache(maxsize=1)
def _order(rows: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch]).permutation(rows)


def steps_of(rows: int, batch_size: int, epochs: float) -> int:
    """Number of steps; half an epoch is a random half of the rows, since the order is random."""
    return int(epochs * rows) // batch_size if epochs < 1 else int(epochs * (rows // batch_size))
