"""internvid sql: questions about the dataset, answered by DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from internvid_assets.cells.errors import RunStopped, UserError
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.options import OutputFormat
from internvid_assets.cli.output import Format, show

if TYPE_CHECKING:
    from internvid_assets.home import Home


def sql(
    query: Annotated[str, typer.Argument(help='A query over the tables, such as "select count(*) from clips".')],
    format: OutputFormat = Format.table,
) -> None:
    """Query the dataset in DuckDB's SQL. Tables are read as they are at this moment.

    Example: internvid sql "select category, count(*) from clips group by all" --format csv
    """
    import duckdb

    from internvid_assets.analytics.warehouse import open_lake
    from internvid_assets.selects.running import fetch

    home = open_home()
    with open_lake(home.path, paths=home.lake.paths, memory_limit=home.settings.memory_limit) as connection:
        try:
            rows = fetch(connection, query)
        except duckdb.Error as error:
            raise UserError(" ".join(str(error).split())[:500]) from None
    show(rows, format)
    for problem in _incomplete(home, query):
        typer.echo(f"internvid: missing values are read as null: {problem}", err=True)


def _incomplete(home: Home, query: str) -> Iterator[str]:
    """A line per table asked that has a file without one of its columns: older than the column, or damaged."""
    from internvid_assets.selects.lineage import tables_read
    from internvid_assets.selects.making import refuse_incomplete

    with suppress(ValueError):  # of several statements, or none that selects
        for table in tables_read(query):
            try:
                refuse_incomplete(table, home.lake.paths(table))
            except RunStopped as error:
                yield str(error)
