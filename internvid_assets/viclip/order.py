"""Which rows a step is made of: a function of seed and step alone, so a run that goes on finds its place at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from internvid_assets.cells.errors import UserError


@dataclass(frozen=True)
class Draw:
    """A row in an epoch: what is drawn for it is a function of the two, whoever draws it."""

    epoch: int
    row: int
    is_of_verbs: bool = False
    """Whether its text is what happens in it, and nothing else."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """Batches by step, each row once in an epoch; the last rows that fill no batch wait for another epoch's order.

    Ranks share out a step's batch in slices, so that the batch is the same for any number of them.
    """

    rows: int
    batch_size: int
    """Samples of all ranks together."""
    steps: int
    seed: int
    rank: int = 0
    ranks: int = 1
    first_step: int = 0
    verb_share: float = 0.0
    """Of steps whose texts are verb phrases; they are spread evenly."""

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
        """This rank's share of each step's batch, from the first step on."""
        return (self.share(step) for step in range(self.first_step, self.steps))

    def share(self, step: int) -> list[Draw]:
        """What this rank takes of the batch of `step`."""
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
    """Steps of so many epochs; half an epoch is a random half of the rows, as the order is random."""
    return int(epochs * rows) // batch_size if epochs < 1 else int(epochs * (rows // batch_size))
