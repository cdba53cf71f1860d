"""Containers of records, independent of their content: JSON, csv, Parquet, tar shards or Lance, also `.gz`.

A container's reader takes files and the wanted columns, and yields batches with these columns, `line`, the number of
the record over all files, and `problem`, why it is invalid.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import polars as pl

from internvid_assets.cells.errors import UserError

BATCH_ROWS = 50_000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
NO_PROBLEM = pl.lit(None, pl.String)


@dataclass(frozen=True)
class Records:
    """A batch: wanted columns, `line` and `problem`; `text_of` returns the text of a line."""

    frame: pl.DataFrame
    text_of: Callable[[int], str]


def opened(path: Path) -> IO[bytes]:
    """The file opened for reading, decompressed if its name ends in `.gz`, after a byte order mark if it has one."""
    with ExitStack() as until_read:
        opener: Any = gzip.open if path.suffix.lower() == ".gz" else Path.open
        file = until_read.enter_context(opener(path, "rb"))
        if file.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
            file.seek(0)
        until_read.pop_all()
    return file


def ending(path: Path) -> str:
    """`.jsonl` of `x.jsonl` and of `x.jsonl.gz`."""
    return next((suffix.lower() for suffix in reversed(path.suffixes) if suffix.lower() != ".gz"), "")


def typed(frame: pl.DataFrame, wanted: pl.Schema) -> pl.DataFrame:
    """The wanted columns, cast from text or other types; `problem` is `wrong_type` if a value cannot be cast.

    Raises UserError for a column of an incompatible type, such as a number instead of a list.
    """
    there = [name for name in wanted if name in frame.columns]
    numbers = [name for name in there if wanted[name].is_numeric() and frame[name].dtype == pl.String]
    frame = frame.with_columns(pl.col(numbers).replace("", None))
    try:
        cast = [frame[name].cast(wanted[name], strict=False) for name in there]
    except pl.exceptions.PolarsError as error:
        raise UserError(f"a column has another type: {' '.join(str(error).split())[:200]}") from None
    is_broken = pl.any_horizontal(False, *(new.is_null() & frame[new.name].is_not_null() for new in cast))
    broken = pl.when(is_broken).then(pl.lit("wrong_type"))
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in wanted.items() if name not in there]
    return frame.select("line", pl.coalesce("problem", broken), *cast, *missing)


def parquet_records(paths: list[Path], wanted: pl.Schema) -> Iterator[Records]:
    """The rows of Parquet files."""
    first = 1
    for path in paths:
        rows = pl.scan_parquet(path)
        names = [name for name in rows.collect_schema() if name in wanted]
        for batch in rows.select(names).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            yield of_rows(batch, first, wanted)
            first += batch.height


def parquet_keys(path: Path) -> Collection[str]:
    return pl.scan_parquet(path).collect_schema().names()


def of_rows(batch: pl.DataFrame, first: int, wanted: pl.Schema) -> Records:
    """Records that came as columns, the first of them number `first`."""
    numbered = batch.with_row_index("line", first).with_columns(pl.col("line").cast(pl.Int64), problem=NO_PROBLEM)
    return Records(typed(numbered, wanted), lambda line: as_text(batch.row(line - first, named=True)))


def as_text(record: Any) -> str:
    return json.dumps(record, ensure_ascii=False, default=str)
