"""Tables to the terminal and to other programs."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

MAX_CELL_CHARACTERS = 120
SHOWN_ROWS = 200


class Format(StrEnum):
    """What a command prints."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def show(rows: pl.DataFrame, format: Format, *, title: str | None = None) -> None:
    """Print `rows`; csv, json and parquet go to standard output as they are, whole."""
    if format is Format.json:
        print(json.dumps(rows.to_dicts(), default=str, ensure_ascii=False, indent=1))
    elif format is Format.csv:
        sys.stdout.write(flat(rows).write_csv())
    elif format is Format.parquet:
        rows.write_parquet(sys.stdout.buffer)
    else:
        show_table(rows, title=title)


def flat(rows: pl.DataFrame) -> pl.DataFrame:
    """Lists and structs as JSON text, since csv has no nesting."""
    nested = [name for name, dtype in rows.schema.items() if dtype.is_nested()]
    as_text = [
        pl.Series(name, [None if cell is None else json.dumps(_plain(cell)) for cell in rows[name]], dtype=pl.String)
        for name in nested
    ]
    return rows.with_columns(as_text)


def show_table(rows: pl.DataFrame, *, title: str | None = None) -> None:
    """A table for people: as wide as the terminal, or as it takes when the output is a file."""
    console = Console(soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 10_000)
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name, dtype in rows.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in rows.head(SHOWN_ROWS).iter_rows():
        table.add_row(*[_cell(value) for value in row])
    console.print(table)
    if rows.height > SHOWN_ROWS:
        console.print(f"… {rows.height - SHOWN_ROWS:,} more rows; --format csv prints all")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    text = f"{value:,.3f}" if isinstance(value, float) else str(_plain(value))
    text = text.replace("[", "\\[")  # rich would read it as markup
    return text if len(text) <= MAX_CELL_CHARACTERS else text[: MAX_CELL_CHARACTERS - 1] + "…"


def _plain(value: Any) -> Any:
    return value.to_list() if isinstance(value, pl.Series) else value
