"""The program `internvid` and its commands, one module per kind."""

from __future__ import annotations

from typing import Annotated

import typer

from internvid_assets.cli.output import Format

app = typer.Typer(
    name="internvid",
    help="Raw videos in; video-text datasets, and SQL answers about them, out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

Categories = Annotated[
    list[str] | None, typer.Option("--category", "-c", help="A category; again for more. Default: all that have data.")
]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="One setting for this command, such as clips.threshold=30.")
]
OutputFormat = Annotated[Format, typer.Option("--format", "-f", help="What to print.")]
Selection = Annotated[
    str, typer.Argument(help="Dagster's asset selection, such as 'key:clips', '+key:clips' or 'group:captions'.")
]

# Each module adds its commands to `app` when it is imported; the order is the order of `internvid --help`.
from internvid_assets.cli import demo, ingest, data, graph, export, server, recipes, doctor  # noqa: E402, F401, I001
