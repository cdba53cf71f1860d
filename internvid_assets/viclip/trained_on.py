"""What a checkpoint was trained on: its rows lie beside its weights, the recipes that made them beside its run."""

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
"""Table -> category -> recipe of what the rows were made of."""
ROWS, WEIGHTS, TRAINING = "rows.arrow", "model.safetensors", "training.json"


def checkpoints_with(
    checkpoints: Path, video_ids: Collection[str], problem: Callable[[str], None]
) -> Iterator[tuple[str, str, int]]:
    """(checkpoint, video_id, clips of it) for each checkpoint below the folder that was trained on one of the videos.

    Rows that cannot be read are told to `problem`: what they hold is not known then.
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
    """The folders with weights and the rows that these were trained on; others hold rows yet to be trained on."""
    for path in sorted(checkpoints.rglob(ROWS)):
        if (path.parent / WEIGHTS).is_file():
            yield path.parent


def keep_recipes(lake: Lake, folder: Path) -> None:
    """Note beside the rows of a run which recipes the tables have now; what a try before it noted stays."""
    if not (folder / MADE_OF).exists():
        (folder / MADE_OF).write_text(json.dumps(recipes_of(lake), indent=2) + "\n", encoding="utf-8")


def recipes_of(lake: Lake) -> dict[str, dict[str, str]]:
    """Table -> category -> recipe, of the tables of remembered calls that there are."""
    called = [name for name, schema in tables.PER_CATEGORY.items() if issubclass(schema, tables.Called)]
    found = {table: {name: lake.version(table, name) for name in tables.CATEGORIES} for table in called}
    recipes = {table: {name: one.recipe for name, one in own.items() if one} for table, own in found.items()}
    return {table: own for table, own in recipes.items() if own}


def recipes_behind(checkpoint: Path) -> Mapping[str, Mapping[str, str]]:
    """What was noted in the folder of a checkpoint or its run; nothing of a checkpoint that came from elsewhere."""
    for folder in (checkpoint, *checkpoint.parents[:2]):
        if (folder / MADE_OF).is_file():
            try:
                return json.loads((folder / MADE_OF).read_text(encoding="utf-8"))
            except ValueError:
                raise UserError(f"{folder / MADE_OF} is damaged; restore it, or remove it") from None
    return {}


def clips_made_by(checkpoint: Path, recipe: str) -> int:
    """How many of the clips it was trained on are of categories where a table had this recipe."""
    behind = recipes_behind(checkpoint)
    categories = {name for own in behind.values() for name, made_by in own.items() if made_by == recipe}
    if not categories:
        return 0
    return int(pl.Series(mapped_rows(checkpoint / ROWS)["category"]).is_in(list(categories)).sum())
