"""Records of csv and tsv files, read by their header."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from io import TextIOWrapper
from itertools import islice
from pathlib import Path

import polars as pl

from internvid_assets.formats.containers import Records, ending, opened, typed
from internvid_assets.formats.separated import Row, separated_rows

BATCH_RECORDS = 20_000


def csv_records(paths: list[Path], wanted: pl.Schema) -> Iterator[Records]:
    """The records below each header; empty lines are skipped. A line may have fewer fields than the header."""
    before = 0
    for path in paths:
        last = 0
        with _text(path) as text:
            rows = separated_rows(text, _delimiter(path))
            names = next(rows, (0, None, ""))[1] or []
            filled = (row for row in rows if row[1] is None or any(row[1]))
            while some := list(islice(filled, BATCH_RECORDS)):
                yield _batch(names, [(before + number, fields, text) for number, fields, text in some], wanted)
                last = some[-1][0]
        before += last


def csv_keys(path: Path) -> Collection[str]:
    with _text(path) as text:
        return next(separated_rows(text, _delimiter(path)), (0, None, ""))[1] or []


def _text(path: Path) -> TextIOWrapper:
    return TextIOWrapper(opened(path), encoding="utf-8-sig", errors="replace", newline="")


def _delimiter(path: Path) -> str:
    return "\t" if ending(path) == ".tsv" else ","


def _batch(names: list[str], rows: list[Row], wanted: pl.Schema) -> Records:
    places = {name: names.index(name) for name in wanted if name in names}
    columns = {
        name: [fields[place] if fields and place < len(fields) else None for _, fields, _ in rows]
        for name, place in places.items()
    }
    frame = pl.DataFrame(
        {
            **columns,
            "line": [number for number, _, _ in rows],
            "problem": [_problem(row) for row in rows],
        },
        schema_overrides={**dict.fromkeys([*columns, "problem"], pl.String), "line": pl.Int64},
    )
    texts = {number: text for number, _, text in rows}
    return Records(typed(frame, wanted), texts.__getitem__)


def _problem(row: Row) -> str | None:
    """`�` marks bytes that are not UTF-8."""
    _, fields, text = row
    return "open_quote" if fields is None else "not_utf8" if "�" in text else None
