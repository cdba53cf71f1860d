"""Tables to the terminal and to other programs."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

import polars as pl
import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from internvid_assets.cells.errors import UserError

MAX_CELL_CHARACTERS = 120
SHOWN_ROWS = 200
READABLE_SQUEEZE = 1.6
"""A table this many times as wide as the terminal still reads well with folded cells; a wider one does not."""


class Format(StrEnum):
    """What a command prints."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def show(rows: pl.DataFrame, format: Format) -> None:
    """Print `rows`; csv, json and parquet go to standard output as they are, whole.

    A reader that has seen enough and closed the pipe (`| head`) ends the command, which is no failure.
    """
    printers: Mapping[Format, Callable[[pl.DataFrame], None]] = {
        Format.table: show_table,
        Format.csv: show_csv,
        Format.json: show_json,
        Format.parquet: show_parquet,
    }
    try:
        printers[format](rows)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python's own last flush fails
        raise typer.Exit(0) from None


def show_json(rows: pl.DataFrame) -> None:
    """One array of objects; what JSON has no number for (NaN, infinity) is null."""
    print(
        json.dumps([_json_value(row) for row in rows.iter_rows(named=True)], default=str, ensure_ascii=False, indent=1)
    )


def show_csv(rows: pl.DataFrame) -> None:
    sys.stdout.write(flat(rows).write_csv())


def show_parquet(rows: pl.DataFrame) -> None:
    if sys.stdout.isatty():
        raise UserError(
            "--format parquet cannot be printed to a terminal; redirect it: … --format parquet > rows.parquet"
        )
    rows.write_parquet(sys.stdout.buffer)


def flat(rows: pl.DataFrame) -> pl.DataFrame:
    """Lists and structs as JSON text, since csv has no nesting."""
    nested = [name for name, dtype in rows.schema.items() if dtype.is_nested()]
    as_text = [pl.Series(name, [_json_text(cell) for cell in rows[name]], dtype=pl.String) for name in nested]
    return rows.with_columns(as_text)


def show_table(rows: pl.DataFrame) -> None:
    """For people: as wide as it takes where the output is no terminal; too wide for one, a block per row."""
    shown = rows.head(SHOWN_ROWS)
    console = Console(width=None if sys.stdout.isatty() else 10_000, highlight=False)
    table = as_table(shown)
    if console.is_terminal and _width(table, console) > READABLE_SQUEEZE * console.width:
        show_blocks(shown, console)
    else:
        show_stripped(table, console)
    if rows.height > SHOWN_ROWS:
        print(f"… {rows.height - SHOWN_ROWS:,} more rows; --format csv prints all")


def as_table(rows: pl.DataFrame) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, dtype in rows.schema.items():
        table.add_column(Text(name), justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in rows.iter_rows():
        table.add_row(*[Text(_cell(value)) for value in row])
    return table


def show_stripped(table: Table, console: Console) -> None:
    """Without the blanks that pad each line's last cell."""
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        print(line.rstrip())


def show_blocks(rows: pl.DataFrame, console: Console) -> None:
    """Every row as lines of `column  value`."""
    for index, row in enumerate(rows.iter_rows(named=True), start=1):
        console.print(f"[bold]row {index}[/bold]")
        block = Table(box=None, pad_edge=False, show_header=False)
        block.add_column(no_wrap=True)
        block.add_column(overflow="fold")
        for name, value in row.items():
            block.add_row(Text(name), Text(_cell(value)))
        console.print(block)


def _width(table: Table, console: Console) -> int:
    unbounded = console.options.update_width(10_000)
    return Measurement.get(console, unbounded, table).maximum


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.3f}"
    text = " ".join(str(_json_value(value)).splitlines())
    return text if len(text) <= MAX_CELL_CHARACTERS else text[: MAX_CELL_CHARACTERS - 1] + "…"


def _json_text(cell: Any) -> str | None:
    return None if cell is None else json.dumps(_json_value(cell), default=str, ensure_ascii=False)


def _json_value(value: Any) -> Any:
    if isinstance(value, pl.Series):
        value = value.to_list()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {name: _json_value(cell) for name, cell in value.items()}
    return [_json_value(cell) for cell in value] if isinstance(value, list) else value
