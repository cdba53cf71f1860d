"""Options and arguments that several commands have in common."""

from __future__ import annotations

from typing import Annotated

import typer

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.output import Format

Categories = Annotated[
    list[str] | None, typer.Option("--category", "-c", help="A category; repeatable. Default: all that have data.")
]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="Override a setting for this command: section.key=value; repeatable.")
]
OutputFormat = Annotated[Format, typer.Option("--format", "-f", help="Output format.")]
Selection = Annotated[
    str, typer.Argument(help="Dagster asset selection, such as 'key:clips', '+key:clips' or 'group:captions'.")
]


def refuse_bytes(text: str) -> None:
    """Raises UserError for an argument that a terminal sent in another encoding."""
    if any("\udc80" <= letter <= "\udcff" for letter in text):
        raise UserError(f"{text!a} is not text: expected words in UTF-8")
