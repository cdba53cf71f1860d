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
    ours_per_second: float | None = None
    peer_per_second: float | None = None
    """Where the load is so many of one thing: rows, captions."""


def compare(
    name: str,
    *,
    load: str,
    peer: str,
    ours: Callable[[], Ours],
    theirs: Callable[[], Theirs],
    agreement: Callable[[Ours, Theirs], str],
    repetitions: int,
    count: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Comparison:
    """Run both sides once unmeasured (imports, caches, the agreement), then `repetitions` times in turn by `clock`.

    `count` is how many rows, captions or the like one run goes through.
    """
    agreed = agreement(ours(), theirs())
    pairs = [_pair(ours, theirs, ours_first=number % 2 == 0, clock=clock) for number in range(repetitions)]
    ours_seconds, peer_seconds = (median(side) for side in zip(*pairs, strict=True))
    return Comparison(
        name=name,
        load=load,
        peer=peer,
        ours_seconds=ours_seconds,
        peer_seconds=peer_seconds,
        ratio=median(theirs_took / ours_took for ours_took, theirs_took in pairs),
        agreement=agreed,
        ours_per_second=count / ours_seconds if count else None,
        peer_per_second=count / peer_seconds if count else None,
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
