"""A comparison: the same work done by us and by a named peer, alternately, on the same machine at the same time."""

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
    """Median of the ratios of adjacent runs, so that a slow phase of the machine affects both sides."""
    agreement: str
    """To what extent the two results agree."""
    ours_per_second: float | None = None
    peer_per_second: float | None = None
    """If the load is a number of items, such as rows or captions."""


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
    """Run both sides once unmeasured (imports, caches, the agreement), then `repetitions` times alternately.

    `count` is the number of rows, captions or other items per run; `clock` returns seconds.
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
    """Seconds of (ours, theirs); the caller alternates which runs first."""
    if ours_first:
        return _seconds(ours, clock), _seconds(theirs, clock)
    theirs_seconds = _seconds(theirs, clock)
    return _seconds(ours, clock), theirs_seconds


def _seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    work()
    return clock() - started
