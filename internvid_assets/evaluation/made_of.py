"""Which evaluations are of which weights: each row of their tables has the hash of the evaluated weights."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.lake import Lake
from internvid_assets.viclip.rows import file_hash
from internvid_assets.viclip.trained_on import WEIGHTS


def evaluations_of(lake: Lake, checkpoints: Collection[Path]) -> Iterator[tuple[Path, str, str, int]]:
    """(checkpoint, table, subset, rows) for each evaluation table with rows of one of the checkpoints.

    If there are any evaluations, all weights are read to hash them.
    """
    judged = {(table, subset): lake.scan(table, subset) for table in tables.PER_SUBSET for subset in lake.parts(table)}
    weights = {folder: file_hash(folder / WEIGHTS) for folder in checkpoints} if judged else {}
    for (table, subset), rows in judged.items():
        counted = dict(rows.group_by("weights").len().collect().iter_rows())
        for folder, own in weights.items():
            if own in counted:
                yield folder, table, str(subset), counted[own]


def evaluations_by(lake: Lake, recipe: str) -> Iterator[tuple[str, str, int]]:
    """(table, subset, rows) for each evaluation table that was made with the recipe."""
    for table in tables.PER_SUBSET:
        for subset in lake.parts(table):
            if (version := lake.version(table, subset)) and version.recipe == recipe:
                yield table, str(subset), lake.scan(table, subset).select(pl.len()).collect().item()
