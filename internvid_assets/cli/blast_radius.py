"""internvid blast-radius: what a bad model, prompt or setting has touched."""

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
    recipe: Annotated[str, typer.Argument(help="A recipe's hash, as `internvid recipes` and recipe_costs tell it.")],
    format: OutputFormat = Format.table,
) -> None:
    """What a recipe has touched: tables behind it, subsets, releases, checkpoints, and what was evaluated of these.

    Tables and subsets as they stand. Releases and checkpoints also where the lake has moved on since.

    Of a checkpoint, rows are the clips it was trained on. Changes nothing.

    Example: internvid blast-radius 42a1c1ccc91b
    """
    from internvid_assets.definitions import features
    from internvid_assets.releases.blast_radius import blast_radius as touched_by

    home = open_home()
    found = list(touched_by(home, recipe, [feature for _, feature in features()]))
    if not found:
        known = "internvid recipes lists the present ones, and the table recipe_costs those with remembered calls"
        raise UserError(f"nothing that there is was made by recipe {recipe}; {known}")
    schema = {"kind": pl.String, "name": pl.String, "rows": pl.Int64}
    show(pl.DataFrame([asdict(one) for one in found], schema=schema), format)
