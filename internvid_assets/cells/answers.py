"""Run a feature's work on a batch: outcomes are returned all at once, or piecewise as they are ready."""

from __future__ import annotations

import errno
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager

import polars as pl

from internvid_assets.cells.errors import RunStopped, as_call_error
from internvid_assets.cells.feature import Outcome, Work


def answered(work: Work, batch: pl.DataFrame) -> Generator[tuple[pl.DataFrame, Sequence[Outcome]], None, None]:
    """Yield every call of the batch once, with its outcome; a piece may be empty while the work waits for answers.

    If the batch as a whole fails, its unanswered rows are bisected until the row that causes the failure is isolated.
    """
    left = dict.fromkeys(range(batch.height))
    pieces = _pieces(work, batch)
    while left:
        try:
            with _full_disk_stops_the_run():
                piece = next(pieces, None)
        except RunStopped:
            raise
        except Exception as error:
            yield from _halves_answered(work, batch[list(left)], error)
            return
        if piece is None or not piece.keys() <= left.keys():
            raise RunStopped(f"the work left {len(left)} of {batch.height} calls unanswered, or answered a call twice")
        for position in piece:
            del left[position]
        yield batch[list(piece)], list(piece.values())


def _pieces(work: Work, batch: pl.DataFrame) -> Iterator[Mapping[int, Outcome]]:
    answer = work(batch)
    if isinstance(answer, Iterator):
        yield from answer
    elif len(answer) == batch.height:
        yield dict(enumerate(answer))
    else:
        raise RunStopped(f"the work returned {len(answer)} outcomes for {batch.height} calls; expected one per call")


def _halves_answered(
    work: Work, batch: pl.DataFrame, error: Exception
) -> Iterator[tuple[pl.DataFrame, Sequence[Outcome]]]:
    if batch.height == 1:
        yield batch, [as_call_error(error)]
    else:
        for half in (batch[: batch.height // 2], batch[batch.height // 2 :]):
            yield from answered(work, half)


@contextmanager
def _full_disk_stops_the_run() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise RunStopped(f"the disk is full ({error}); free some space and run the same command again") from error
        raise
