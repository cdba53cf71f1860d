"""Caption corpora: files of captions from which a model extracts actions (InternVid 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.cells.feature import schema_of
from internvid_assets.queries.records import Record, read_records
from internvid_assets.settings import beside_settings

CAPTION_COLUMNS = ("caption", "sentence", "text", "description", "name", "0")
MAX_CAPTION_CHARACTERS = 1000
"""Longer texts are documents: a model would miss their end, a tagger their topic."""
BATCH_ROWS = 100_000


def list_captions(files: Sequence[Path]) -> pl.DataFrame:
    """The distinct captions of the files as `corpus_captions`, in the order of their first file and line.

    Raises UserError if a file is missing or contains no captions.
    """
    types = schema_of(tables.CorpusCaptions)
    batches = [batch for file in files for batch in _batches(file, types)]
    rows = pl.concat([pl.DataFrame(schema=types), *batches])
    return rows.unique("caption", keep="first", maintain_order=True)


def _batches(file: Path, types: dict[str, pl.DataType]) -> Iterator[pl.DataFrame]:
    """Bounded batches of distinct captions, so that a repetitive corpus is never in memory as a whole."""
    rows: list[tuple[str, str, int, str | None]] = []
    understood = 0
    for record in read_records(beside_settings(file), CAPTION_COLUMNS):
        caption, reason = _judged(record)
        rows.append((caption, str(file), record.line, reason))
        understood += reason is None
        if len(rows) == BATCH_ROWS:
            yield _frame(rows, types)
            rows = []
    if not understood:
        expected = f"one per line, or a column {', '.join(CAPTION_COLUMNS[:-1])}"
        raise UserError(f"queries.caption_files: {file} has no captions; expected {expected}")
    yield _frame(rows, types)


def _frame(rows: list[tuple[str, str, int, str | None]], types: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=types, orient="row").unique("caption", keep="first", maintain_order=True)


def _judged(record: Record) -> tuple[str, str | None]:
    """The caption, or the raw line and the rejection reason."""
    found = next((record.fields[name] for name in CAPTION_COLUMNS if isinstance(record.fields.get(name), str)), "")
    caption = " ".join(found.split())
    if record.problem:
        return record.raw[:MAX_CAPTION_CHARACTERS], record.problem
    if not caption:
        return record.raw[:MAX_CAPTION_CHARACTERS], "no_caption"
    return caption[:MAX_CAPTION_CHARACTERS], "too_long" if len(caption) > MAX_CAPTION_CHARACTERS else None
