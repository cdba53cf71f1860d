"""One comparison: the same work done by us and by a named peer, in turn, on the same machine and in the same minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

Ours = TypeVar("Ours")
Theirs = TypeVar("Theirs")


@dataclass(frozen=True)
class Comparison:
    """One row of the report; a ratio above 1 means that we are faster."""

    name: str
    load: str
    peer: str
    ours_seconds: float
    peer_seconds: float
    ratio: float
    """Median of the ratios of neighbouring repetitions, so that a slow minute of the machine hits both sides."""
    agreement: str
    """How far the two results are the same."""


def compare(
    name: str,
    *,
    load: str,
    peer: str,
    ours: Callable[[], Ours],
    theirs: Callable[[], Theirs],
    agreement: Callable[[Ours, Theirs], str],
    repetitions: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Comparison:
    """Run both sides once unmeasured (imports, caches, the agreement), then `repetitions` times in turn by `clock`."""
    agreed = agreement(ours(), theirs())
    pairs = [_pair(ours, theirs, ours_first=number % 2 == 0, clock=clock) for number in range(repetitions)]
    return Comparison(
        name=name,
        load=load,
        peer=peer,
        ours_seconds=median(pair[0] for pair in pairs),
        peer_seconds=median(pair[1] for pair in pairs),
        ratio=median(peer_seconds / ours_seconds for ours_seconds, peer_seconds in pairs),
        agreement=agreed,
    )


def _pair(
    ours: Callable[[], object], theirs: Callable[[], object], *, ours_first: bool, clock: Callable[[], float]
) -> tuple[float, float]:
    """Seconds of (ours, theirs); who goes first alternates."""
    if ours_first:
        return _seconds(ours, clock), _seconds(theirs, clock)
    theirs_seconds = _seconds(theirs, clock)
    return _seconds(ours, clock), theirs_seconds


def _seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    work()
    return clock() - started
