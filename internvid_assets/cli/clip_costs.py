"""What the calls for one clip have cost here so far."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from internvid_assets.cells.feature import Feature
from internvid_assets.cells.plan import cost_per_call
from internvid_assets.clips.selection import kept
from internvid_assets.home import Home
from internvid_assets.models.specs import NOBODY, ModelSpec
from internvid_assets.tables import CATEGORIES


@dataclass(frozen=True)
class ClipCost:
    """Of one asset's calls, under its present recipe: null where none was made, or no server reported its tokens."""

    asset: str
    capabilities: tuple[str, ...]
    seconds: float | None = None
    dollars: float | None = None


def clip_costs(features: Collection[Feature], home: Home, specs: Mapping[str, ModelSpec]) -> list[ClipCost]:
    """One per asset that asks models about clips, as far as `specs` has them."""
    return [_clip_cost(feature, home, specs) for feature in features if _asks_about_clips(feature, home, specs)]


def _asks_about_clips(feature: Feature, home: Home, specs: Mapping[str, ModelSpec]) -> bool:
    asked = feature.capabilities(home.settings)
    if "clip_id" not in feature.schema.column_names() or any(name not in specs for name in asked):
        return False
    return any(specs[name].name != NOBODY for name in asked)


def _clip_cost(feature: Feature, home: Home, specs: Mapping[str, ModelSpec]) -> ClipCost:
    asked = feature.capabilities(home.settings)
    recipe = feature.recipe(home.settings, {name: spec.identity for name, spec in specs.items()})
    per_call = cost_per_call(feature, home, recipe.hash)
    calls = _calls_per_clip(feature, home, [name for name in CATEGORIES if home.lake.version("clips", name)])
    if per_call is None or calls is None:
        return ClipCost(feature.name, asked)
    seconds, dollars = per_call
    return ClipCost(feature.name, asked, seconds * calls, None if dollars is None else dollars * calls)


def _calls_per_clip(feature: Feature, home: Home, categories: Sequence[str]) -> float | None:
    """Rows that wait for a call or had one, per kept clip; equal rows share a call, so it is at most that."""
    rows = [home.upstream(feature, name).select(pl.len()) for name in categories]
    clips = [kept(home.lake.scan("clips", name)).select(pl.len()) for name in categories]
    counted = [frame.item() for frame in pl.collect_all([*rows, *clips])]
    clip_count = sum(counted[len(rows) :])
    return sum(counted[: len(rows)]) / clip_count if clip_count else None
