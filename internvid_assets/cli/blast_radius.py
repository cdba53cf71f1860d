"""internvid blast-radius: what a bad model, prompt or setting has affected."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import polars as pl
import typer

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.options import OutputFormat
from internvid_assets.cli.output import Format, show


def blast_radius(
    recipe: Annotated[str, typer.Argument(help="A recipe's hash, from `internvid recipes` or the table recipe_costs.")],
    format: OutputFormat = Format.table,
) -> None:
    """List what a recipe has affected: tables, subsets, releases, checkpoints and their evaluations.

    Tables and subsets count as they are now. Releases and checkpoints count even if the lake has changed since.

    For a checkpoint, rows are the clips it was trained on. Changes nothing.

    Example: internvid blast-radius 42a1c1ccc91b
    """
    from internvid_assets.definitions import features
    from internvid_assets.releases.blast_radius import blast_radius as touched_by

    home = open_home()
    found = list(touched_by(home, recipe, [feature for _, feature in features()]))
    if not found:
        known = "`internvid recipes` lists the current recipes, and the table recipe_costs those that made calls"
        raise UserError(f"nothing in this home was made by recipe {recipe}; {known}")
    schema = {"kind": pl.String, "name": pl.String, "rows": pl.Int64}
    show(pl.DataFrame([asdict(one) for one in found], schema=schema), format)
