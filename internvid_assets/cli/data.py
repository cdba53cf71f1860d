"""internvid sql, which answers questions, and sample-world, which makes something to ask about."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from internvid_assets.cells.errors import RunStopped, UserError
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.options import OutputFormat
from internvid_assets.cli.output import Format, show
from internvid_assets.cli.progress import FillProgress

if TYPE_CHECKING:
    from internvid_assets.home import Home


def sql(
    query: Annotated[str, typer.Argument(help='A query over the tables, such as "select count(*) from clips".')],
    format: OutputFormat = Format.table,
) -> None:
    """Ask the dataset in DuckDB's SQL; every table is seen as it is at this moment.

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
        typer.echo(f"internvid: read with nulls instead: {problem}", err=True)


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


def sample_world(
    to: Annotated[Path, typer.Option(help="The folder to make it in.")],
    videos: Annotated[int, typer.Option(min=1, help="How many videos.")] = 48,
    seed: Annotated[int, typer.Option(help="Equal seeds make equal files.")] = 0,
) -> None:
    """Render a small world of videos with known truth: real encoded files, subtitles, metadata, truth.jsonl.

    Example: internvid sample-world --videos 48 --to ./world
    """
    from internvid_assets.sample_world.world import generate

    with FillProgress() as progress:
        summary = generate(videos=videos, seed=seed, to=to, progress=progress.on("rendering", "videos"))
    print(f"{to}: {summary.videos} videos, {summary.video_seconds:.0f} s, {summary.size_bytes / 2**20:.1f} MiB", end="")
    print(f"; {summary.rendered_videos} rendered in {summary.wall_seconds:.0f} s")
    print(f"next: internvid ingest {shlex.quote(str(to))} --category other")
