"""What a checkpoint was trained on: its rows are stored next to its weights, their recipes next to its run."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.cells.lake import Lake
from internvid_assets.viclip.rows import mapped_rows

MADE_OF = "made_of.json"
"""Table -> category -> recipe, for the tables that the rows were made from."""
ROWS, WEIGHTS, TRAINING = "rows.arrow", "model.safetensors", "training.json"


def checkpoints_with(
    checkpoints: Path, video_ids: Collection[str], problem: Callable[[str], None]
) -> Iterator[tuple[str, str, int]]:
    """(checkpoint, video_id, number of its clips) for each checkpoint below the folder trained on one of the videos.

    Rows that cannot be read are reported to `problem`, since their content is unknown.
    """
    for folder in trained_checkpoints(checkpoints):
        try:
            videos = pl.Series("video_id", mapped_rows(folder / ROWS)["video_id"])
        except UserError as error:
            problem(str(error))
            continue
        counted = videos.filter(videos.is_in(list(video_ids))).value_counts(name="clips").sort("video_id")
        for video_id, clips in counted.iter_rows():
            yield str(folder.relative_to(checkpoints)), video_id, clips


def trained_checkpoints(checkpoints: Path) -> Iterator[Path]:
    """The folders with both weights and rows; folders with rows alone are not trained yet."""
    for path in sorted(checkpoints.rglob(ROWS)):
        if (path.parent / WEIGHTS).is_file():
            yield path.parent


def keep_recipes(lake: Lake, folder: Path) -> None:
    """Write the current recipes of the tables next to a run's rows, unless an earlier attempt already did."""
    if not (folder / MADE_OF).exists():
        (folder / MADE_OF).write_text(json.dumps(recipes_of(lake), indent=2) + "\n", encoding="utf-8")


def recipes_of(lake: Lake) -> dict[str, dict[str, str]]:
    """Table -> category -> recipe, for the existing tables of stored calls."""
    called = [name for name, schema in tables.PER_CATEGORY.items() if issubclass(schema, tables.Called)]
    found = {table: {name: lake.version(table, name) for name in tables.CATEGORIES} for table in called}
    recipes = {table: {name: one.recipe for name, one in own.items() if one} for table, own in found.items()}
    return {table: own for table, own in recipes.items() if own}


def recipes_behind(checkpoint: Path) -> Mapping[str, Mapping[str, str]]:
    """The recipes stored with a checkpoint or its run; empty for a checkpoint from elsewhere."""
    for folder in (checkpoint, *checkpoint.parents[:2]):
        if (folder / MADE_OF).is_file():
            try:
                return json.loads((folder / MADE_OF).read_text(encoding="utf-8"))
            except ValueError:
                raise UserError(f"{folder / MADE_OF} is damaged; restore it, or remove it") from None
    return {}


def clips_made_by(checkpoint: Path, recipe: str) -> int:
    """Number of its training clips in categories in which a table had this recipe."""
    behind = recipes_behind(checkpoint)
    categories = {name for own in behind.values() for name, made_by in own.items() if made_by == recipe}
    if not categories:
        return 0
    return int(pl.Series(mapped_rows(checkpoint / ROWS)["category"]).is_in(list(categories)).sum())
