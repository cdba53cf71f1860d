"""Which calls are pending: the upstream rows are hashed in bulk, then anti-joined with the stored cells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from internvid_assets.cells.feature import Feature
from internvid_assets.cells.inputs import input_hashes
from internvid_assets.cells.remembered import Remembered, copy_to, fetch_one
from internvid_assets.cells.sql_text import listed
from internvid_assets.cells.store import Store

STAGED_ROWS = 100_000


@dataclass(frozen=True)
class Staged:
    """Upstream rows and cells together: the views `inputs`, `pending`, `heads` and `kept` of a connection.

    `inputs` has one line per upstream row, numbered by `row_number`; `pending` has one line per call to make, with the
    number of earlier attempts.
    """

    connection: duckdb.DuckDBPyConnection
    scratch: Path

    def count_rows(self) -> int:
        return fetch_one(self.connection, "select count(*) from inputs")[0]

    def count_pending_calls(self) -> int:
        return fetch_one(self.connection, "select count(*) from pending")[0]

    def count_pending_rows(self) -> int:
        """Number of upstream rows whose call is pending; equal inputs share one call."""
        query = "select count(*) from inputs where input_hash in (select input_hash from pending)"
        return fetch_one(self.connection, query)[0]

    def pending_batches(self, *, batch_rows: int, limit: int | None) -> Iterator[pl.DataFrame]:
        """The pending calls in upstream order, `batch_rows` at a time, read from a file to bound the memory."""
        path = self.scratch / "pending.parquet"
        limited = f" limit {limit}" if limit is not None else ""
        copy_to(self.connection, f"select * from pending order by row_number{limited}", path)
        for chunk in pl.scan_parquet(path).collect_batches(chunk_size=STAGED_ROWS, maintain_order=True):
            yield from chunk.iter_slices(batch_rows)


@dataclass(frozen=True)
class StagedInputs:
    """The upstream rows of one category, hashed and numbered, in files: used both before and after the calls."""

    paths: tuple[str, ...]
    scratch: Path


@contextmanager
def stage_inputs(feature: Feature, upstream: pl.LazyFrame, store: Store) -> Iterator[StagedInputs]:
    """Write the upstream rows with `input_hash` and `row_number`, a bounded number at a time."""
    with store.scratch() as scratch:
        paths, row_number = [], 0
        for index, rows in enumerate(_batches(upstream)):
            numbers = pl.int_range(row_number, row_number + rows.height, dtype=pl.Int64, eager=True)
            path = scratch / f"inputs-{index:06}.parquet"
            rows.with_columns(input_hashes(rows, feature.reads), row_number=numbers).write_parquet(path)
            row_number += rows.height
            paths.append(str(path))
        yield StagedInputs(tuple(paths), scratch)


@contextmanager
def beside_cells(
    inputs: StagedInputs, remembered: Remembered, *, max_attempts: int = 3, retry_quarantined: bool = False
) -> Iterator[Staged]:
    """The staged rows together with the calls stored at this moment."""
    settled = "bool_or(error is null)" if retry_quarantined else is_settled(max_attempts)
    with remembered.query() as connection:
        connection.execute(f"create view inputs as select * from read_parquet({listed(inputs.paths)})")
        connection.execute(f"""
            create view pending as
            with settled as (select input_hash from heads group by input_hash having {settled}),
            first_rows as (select min(row_number) as row_number from inputs group by input_hash),
            failures as (select input_hash, max(attempts) as attempts from heads where error is not null group by all)
            select inputs.*, coalesce(failures.attempts, 0) as earlier_attempts
            from inputs
            semi join first_rows using (row_number)
            anti join settled using (input_hash)
            left join failures using (input_hash)""")
        yield Staged(connection, inputs.scratch)


def is_settled(max_attempts: int) -> str:
    """SQL over the heads of one call: whether it need not be made (again).

    The latest failure counts: a permanent failure may turn into a retryable one when the call is repeated.
    """
    return f"bool_or(error is null) or arg_max(not is_retryable or attempts >= {max_attempts}, attempts)"


def _batches(upstream: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """Bounded batches; at least one, so that an upstream table without rows still has its columns."""
    yielded = False
    for batch in upstream.collect_batches(chunk_size=STAGED_ROWS, maintain_order=True):
        yield from batch.iter_slices(STAGED_ROWS)
        yielded = yielded or batch.height > 0
    if not yielded:
        yield pl.DataFrame(schema=upstream.collect_schema())
