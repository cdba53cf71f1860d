"""Fill: make the calls that are not stored yet, commit results as they arrive, then write the table."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import polars as pl

from internvid_assets.cells.answers import answered
from internvid_assets.cells.errors import CallError, RunStopped
from internvid_assets.cells.feature import Feature, Outcome, Work
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.libraries import libraries
from internvid_assets.cells.pending import Staged, beside_cells, stage_inputs
from internvid_assets.cells.recipes import Recipe
from internvid_assets.cells.remembered import Remembered, copy_to

COMMIT_BYTES = 64 * 2**20
HOPELESS_CALLS = 64
"""If the first this many calls all fail unexpectedly, the rows are not the cause: the run ends, and no row is marked
as failed. A first run of fewer calls ends the same way, but stores them as retryable failures, so that rows which do
cause their failure end up in quarantine; a single call proves nothing."""

ANSWERED = "answered"
UNEXPECTED = frozenset({"unexpected_error", "worker_crashed", "memory_exceeded"})

Progress = Callable[[int, int], None]
"""Called with (calls made, calls to make) after every micro-batch."""

Judge = Callable[[pl.LazyFrame], pl.LazyFrame]
"""Adds the derived columns to a table's rows."""


@dataclass
class FillReport:
    """What a fill did, for the UI and the command line."""

    calls_made: int = 0
    rows: int | None = None
    rows_remembered: int = 0
    calls_left: int = 0
    rows_pending: int = 0
    """Rows whose call is pending: not made because of a limit, or failed in a retryable way."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """Number of failed rows in the table, by error code."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Number of calls made, by error code; `answered` for those that succeeded."""
    seconds: float = 0.0
    data_version: str | None = None
    """None if the table was not written because a limit left calls pending."""

    @property
    def calls_per_second(self) -> float:
        return self.calls_made / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class FillOptions:
    """Options that do not change any row: how many calls, how often, and whether to retry quarantined ones."""

    limit: int | None = None
    retry_quarantined: bool = False
    max_attempts: int = 3
    commit_seconds: float = 10.0
    batch_rows: int | None = None


def fill(
    feature: Feature,
    upstream: pl.LazyFrame,
    *,
    recipe: Recipe,
    category: str | None,
    lake: Lake,
    open_work: Callable[[], AbstractContextManager[Work]],
    judgement: Any = None,
    judged_by: Mapping[str, pl.LazyFrame] | None = None,
    options: FillOptions | None = None,
    progress: Progress = lambda made, to_make: None,
) -> FillReport:
    """Bring one category (None: the whole unpartitioned table) of a feature's table up to date.

    `judgement` and `judged_by` are passed to `feature.finish`.
    `open_work` is called only if calls are pending, so nothing is loaded for a complete table.
    A run that is killed at any point can be repeated: committed calls are kept, and so is the old table until the end.
    """
    options = options or FillOptions()
    judge = partial(feature.judged, parameters=judgement, **(judged_by or {}))
    started = time.monotonic()
    report = FillReport()
    remembered = Remembered(lake.store, feature.name, recipe.hash, category, feature.payload(), lake.memory_limit)
    retrying = {"max_attempts": options.max_attempts, "retry_quarantined": options.retry_quarantined}
    with stage_inputs(feature, upstream, lake.store) as inputs:
        with beside_cells(inputs, remembered, **retrying) as before:
            report.rows_remembered = before.count_rows() - before.count_pending_rows()
            to_make = before.count_pending_calls()
            if to_make:
                with open_work() as work:
                    _make_calls(feature, before, remembered, work, options, to_make, report, progress)
            else:
                _write_table(feature, before, remembered, lake, judge, report)
        report.calls_left = to_make - report.calls_made
        if report.calls_made and not report.calls_left:
            remembered.compact()
            with beside_cells(inputs, remembered, max_attempts=options.max_attempts) as after:
                _write_table(feature, after, remembered, lake, judge, report)
    report.seconds = time.monotonic() - started
    return report


def _make_calls(
    feature: Feature,
    pending: Staged,
    remembered: Remembered,
    work: Work,
    options: FillOptions,
    to_make: int,
    report: FillReport,
    progress: Progress,
) -> None:
    """Make the pending calls and commit their results as they arrive."""
    to_make = min(to_make, options.limit) if options.limit is not None else to_make
    batches = pending.pending_batches(batch_rows=options.batch_rows or feature.batch_rows, limit=options.limit)
    made_with = libraries(feature.kinds)
    with _committing(remembered, options, report) as commit:
        for batch in batches:
            last_answer = time.monotonic()
            with closing(answered(work, batch)) as pieces:  # stops a piecewise work together with the run
                for calls, outcomes in pieces:
                    seconds_each = (time.monotonic() - last_answer) / max(1, calls.height)
                    _count(report, outcomes)
                    if outcomes and report.calls_made >= HOPELESS_CALLS:
                        _stop_if_hopeless(report, outcomes)
                    commit(_cells(calls, outcomes, seconds_each, made_with, remembered))
                    progress(report.calls_made, to_make)
                    last_answer = time.monotonic()
    if report.calls_made > 1 and not report.rows_remembered:
        _stop_if_hopeless(report, outcomes)


@contextmanager
def _committing(
    remembered: Remembered, options: FillOptions, report: FillReport
) -> Iterator[Callable[[pl.DataFrame], None]]:
    """Collects cells and commits them by time or size: a kill loses at most `commit_seconds` of work.

    A run that is interrupted or stopped commits what it has, unless no call has succeeded: then it is not known
    whether the rows caused the failures.
    """
    waiting: list[pl.DataFrame] = []
    waiting_bytes, last_commit = 0, time.monotonic()

    def take(cells: pl.DataFrame) -> None:
        nonlocal waiting_bytes, last_commit
        if cells.height:
            waiting.append(cells)
            waiting_bytes += cells.estimated_size()
        is_due = time.monotonic() - last_commit >= options.commit_seconds or waiting_bytes >= COMMIT_BYTES
        if waiting and is_due and not _has_failed_throughout(report):
            remembered.commit(pl.concat(waiting))
            waiting.clear()
            waiting_bytes, last_commit = 0, time.monotonic()

    try:
        yield take
    except BaseException:
        if waiting and not _has_failed_throughout(report):
            with suppress(OSError):  # if the disk is full, report the original error
                remembered.commit(pl.concat(waiting))
        raise
    if waiting:
        remembered.commit(pl.concat(waiting))


def _count(report: FillReport, outcomes: Sequence[Outcome]) -> None:
    report.calls_made += len(outcomes)
    report.outcomes.update(outcome.code if isinstance(outcome, CallError) else ANSWERED for outcome in outcomes)


def _has_failed_throughout(report: FillReport) -> bool:
    """Whether every call so far failed unexpectedly."""
    return not report.outcomes.keys() - UNEXPECTED


def _stop_if_hopeless(report: FillReport, outcomes: Sequence[Outcome]) -> None:
    """End a run in which no call has ever succeeded, instead of marking a million good rows as failed."""
    if _has_failed_throughout(report):
        last = next(str(outcome) for outcome in reversed(outcomes) if isinstance(outcome, CallError))
        raise RunStopped(f"the first {report.calls_made} calls all failed; the last error was {last}")


def _cells(
    batch: pl.DataFrame, outcomes: Sequence[Outcome], seconds: float, made_with: str, remembered: Remembered
) -> pl.DataFrame:
    called_at = datetime.now(UTC)
    calls = zip(batch["input_hash"], batch["earlier_attempts"], outcomes, strict=True)
    rows = [
        {
            "input_hash": input_hash,
            "attempts": attempts + 1,
            "call_seconds": seconds,
            "called_at": called_at,
            "made_with": made_with,
            **cell,
        }
        for input_hash, attempts, outcome in calls
        for cell in _cell_rows(outcome)
    ]
    return pl.DataFrame(rows, schema=remembered.schema)


def _cell_rows(outcome: Outcome) -> Iterator[dict[str, Any]]:
    if isinstance(outcome, CallError):
        failure = {"error": outcome.code, "error_message": outcome.message, "is_retryable": outcome.retryable}
        yield {"row_index": 0, **failure}
    elif isinstance(outcome, Sequence):
        yield from ({"row_index": index, **payload} for index, payload in enumerate(outcome))
        if not outcome:
            yield {"row_index": None}
    else:
        yield {"row_index": 0, **outcome}


def _write_table(
    feature: Feature, staged: Staged, remembered: Remembered, lake: Lake, judge: Judge, report: FillReport
) -> None:
    """Join the current keys with their cells, add the derived columns and replace the table."""
    joined = staged.scratch / "joined.parquet"
    payload = ", ".join(f"kept.{name}" for name in [*feature.payload(), "error", "error_message", "attempts"])
    select = f"""
        select inputs.*, {payload}, '{remembered.recipe}' as recipe
        from inputs join kept using (input_hash)
        where kept.row_index is not null
        order by inputs.row_number, kept.row_index"""
    copy_to(staged.connection, select, joined)
    rows = judge(pl.scan_parquet(joined))
    version = lake.write(rows, feature.name, remembered.category, schema=feature.schema, recipe=remembered.recipe)
    failed = rows.filter(pl.col("error").is_not_null()).group_by("error").len().sort("error").collect()
    report.rows, report.data_version, report.failures = version.rows, version.data_version, dict(failed.iter_rows())
    report.rows_pending = staged.count_pending_rows()
