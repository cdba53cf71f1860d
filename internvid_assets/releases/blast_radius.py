"""What a recipe affects: rows of its table and of downstream tables, subsets, releases, checkpoints, evaluations."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.feature import Feature
from internvid_assets.evaluation.made_of import evaluations_by, evaluations_of
from internvid_assets.home import Home
from internvid_assets.releases.shelf import releases_of
from internvid_assets.selects.files import sql_files
from internvid_assets.viclip.checkpoint_recipes import kept_recipes
from internvid_assets.viclip.rows import mapped_rows
from internvid_assets.viclip.trained_on import ROWS, TRAINING, clips_made_by, trained_checkpoints

KEYS = ("clip_id", "video_id")
"""Keys that link affected rows across tables, finest first; the first one that a table has is used."""


@dataclass(frozen=True)
class Touched:
    """A place, and its number of affected rows (for a checkpoint: of its training rows)."""

    kind: str
    name: str
    rows: int


def blast_radius(home: Home, recipe: str, features: Sequence[Feature]) -> Iterator[Touched]:
    """The places with affected rows, upstream first. `recipe` is the hash of calls, a checkpoint or an evaluation.

    Tables and subsets are counted by row. Releases and checkpoints record the recipes they were made with by category,
    so they are found even after the tables have changed.
    """
    for feature in features:
        keys = _keys(home, feature, recipe)
        if keys is not None:
            yield from _of_lake(home, feature, keys, features)
    yield from _of_releases(home, recipe)
    checkpoints = _checkpoints(home, recipe)
    folder = home.path / "checkpoints"
    for path, clips in checkpoints.items():
        yield Touched("checkpoint", str(path.relative_to(folder)), clips)
    for path, table, subset, rows in evaluations_of(home.lake, checkpoints):
        yield Touched("evaluation", f"{table} of {subset}, {path.relative_to(folder)}", rows)
    for table, subset, rows in evaluations_by(home.lake, recipe):
        yield Touched("evaluation", f"{table} of {subset}", rows)


def _keys(home: Home, feature: Feature, recipe: str) -> pl.DataFrame | None:
    """The finest key of each affected row of the feature's table (or its recipe, without a key); None without rows."""
    column = next((name for name in KEYS if name in feature.schema.column_names()), "recipe")
    found = pl.concat([rows.filter(pl.col("recipe") == recipe).select(column) for rows in _parts(home, feature)])
    rows = found.collect()
    return rows if rows.height else None


def _parts(home: Home, feature: Feature) -> list[pl.LazyFrame]:
    categories = tables.CATEGORIES if feature.is_partitioned else (None,)
    return [home.lake.scan(feature.name, category) for category in categories]


def _of_lake(home: Home, feature: Feature, keys: pl.DataFrame, features: Sequence[Feature]) -> Iterator[Touched]:
    """The table itself, then downstream tables and subsets, by key."""
    yield Touched("table", feature.name, keys.height)
    (key,) = keys.columns
    if key not in KEYS:
        return
    distinct = keys.lazy().unique()
    downstream = _downstream(feature.name, features)
    for one in (one for one in features if one.name in downstream):
        if key in one.schema.column_names():
            rows = pl.concat(_parts(home, one)).join(distinct, on=key, how="semi")
            yield from _counted("table", one.name, rows)
    for file in sql_files("subsets"):
        if home.lake.paths(file.name):
            chosen = home.lake.scan(file.name, schema=tables.ChosenClips)
            yield from _counted("subset", file.name, chosen.join(distinct, on=key, how="semi"))


def _downstream(table: str, features: Sequence[Feature]) -> set[str]:
    """The tables that read it, directly or indirectly; features come in the order of the graph."""
    found = {table}
    for feature in features:
        if found & {*feature.upstream_tables, *feature.tables_judged_by}:
            found.add(feature.name)
    return found - {table}


def _counted(kind: str, name: str, rows: pl.LazyFrame) -> Iterator[Touched]:
    if count := rows.select(pl.len()).collect().item():
        yield Touched(kind, name, count)


def _of_releases(home: Home, recipe: str) -> Iterator[Touched]:
    """Clips of the categories in which a table had the recipe when the release was made."""
    for release in releases_of(home.path):
        made_by = [(name, version["recipe"]) for own in release.tables.values() for name, version in own.items()]
        categories = {name for name, made in made_by if made == recipe}
        for subset in release.subsets if categories else ():
            rows = pl.scan_parquet(release.rows_of(subset)).filter(pl.col("category").is_in(list(categories)))
            yield from _counted("release", f"{release.id}, {subset}", rows)


def _checkpoints(home: Home, recipe: str) -> dict[Path, int]:
    """Checkpoints trained on affected clips or with the recipe itself, and those derived from them."""
    folder = home.path / "checkpoints"
    there = list(trained_checkpoints(folder))
    runs = {str(run.relative_to(folder)) for run, kept in kept_recipes(folder) if kept.hash == recipe}
    found = {path: clips for path in there if (clips := clips_made_by(path, recipe))}
    while new := [path for path in there if path not in found and _is_made_of(path, folder, runs)]:
        found |= {path: mapped_rows(path / ROWS).num_rows for path in new}
        runs |= {str(Path(*path.relative_to(folder).parts[:3])) for path in new}
    return found


def _is_made_of(checkpoint: Path, folder: Path, runs: Collection[str]) -> bool:
    """Whether it belongs to one of the runs or was initialized from one (interpolations: the trained weights were)."""
    places = [str(checkpoint.relative_to(folder))]
    if (checkpoint / TRAINING).is_file():
        training = json.loads((checkpoint / TRAINING).read_text(encoding="utf-8"))
        places += [training["initial"], training["output"]]
    return any(f"{run}/" in f"{place}/" for run in runs for place in places)
