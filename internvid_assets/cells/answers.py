"""Asking a feature's work: all answers of a batch at once, or in the pieces in which they come."""

from __future__ import annotations

import errno
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager

import polars as pl

from internvid_assets.cells.errors import RunStopped, as_call_error
from internvid_assets.cells.feature import Outcome, Work


def answered(work: Work, batch: pl.DataFrame) -> Generator[tuple[pl.DataFrame, Sequence[Outcome]], None, None]:
    """Every call of the batch once, with its outcome."""
    answer = _ask(work, batch)
    if isinstance(answer, Iterator):
        yield from _pieces(answer, batch)
    else:
        yield batch, answer


def _ask(work: Work, batch: pl.DataFrame) -> Sequence[Outcome] | Iterator[Mapping[int, Outcome]]:
    try:
        with _full_disk_stops_the_run():
            answer = work(batch)
    except RunStopped:
        raise
    except Exception as error:
        return _ask_halves(work, batch, error)
    if not isinstance(answer, Iterator) and len(answer) != batch.height:
        raise RunStopped(f"the work returned {len(answer)} outcomes for {batch.height} calls; one each is expected")
    return answer


def _ask_halves(work: Work, batch: pl.DataFrame, error: Exception) -> Sequence[Outcome]:
    """When the batch as a whole fails, halves of it are tried until the guilty row is alone."""
    if batch.height == 1:
        return [as_call_error(error)]
    halves = batch[: batch.height // 2], batch[batch.height // 2 :]
    return [outcome for half in halves for _, outcomes in answered(work, half) for outcome in outcomes]


def _pieces(
    answer: Iterator[Mapping[int, Outcome]], batch: pl.DataFrame
) -> Iterator[tuple[pl.DataFrame, Sequence[Outcome]]]:
    left = set(range(batch.height))
    while left:
        with _full_disk_stops_the_run():
            piece = next(answer, None)
        if piece is None or not piece.keys() <= left:
            raise RunStopped(f"the work left {len(left)} of {batch.height} calls unanswered, or answered one twice")
        left -= piece.keys()
        yield batch[list(piece)], list(piece.values())


@contextmanager
def _full_disk_stops_the_run() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise RunStopped(f"the disk is full ({error}); free some space and run the same command again") from error
        raise
