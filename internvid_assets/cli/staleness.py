"""How what is made whole, checkpoints and their evaluations, stands by Dagster's records: as its UI shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContext

from internvid_assets.cells.plan import PlannedAsset
from internvid_assets.cli.runs import trained_subsets
from internvid_assets.definitions import recipes_made_whole
from internvid_assets.home import Home


def planned_whole(home: Home, defs: dg.Definitions, selected: Sequence[dg.AssetKey]) -> Iterator[PlannedAsset]:
    """Of the selected assets that have a recipe and remember no calls: a row is what one run makes, a subset's or all.

    "at most" where only something that it reads is out of date: what comes of that may be the same as now.
    """
    made_whole = {asset for _, asset in recipes_made_whole(home)}
    chosen = [key for key in selected if key.to_user_string() in made_whole]
    if not chosen:
        return
    with dg.DagsterInstance.get() as instance:
        changed: set[tuple[dg.AssetKey, str | None]] = set()
        for key in chosen:
            yield _planned(home, defs, key, instance, changed)


def _planned(
    home: Home,
    defs: dg.Definitions,
    key: dg.AssetKey,
    instance: dg.DagsterInstance,
    changed: set[tuple[dg.AssetKey, str | None]],
) -> PlannedAsset:
    """Adds what is to be made to `changed`, since what reads it may be made again too."""
    node = defs.resolve_asset_graph().get(key)
    parts = trained_subsets(home) if node.partitions_def else [None]
    statuses = statuses_of(defs, key, parts, instance)
    own = {part for part, status in statuses.items() if status != StaleStatus.FRESH}
    behind = {part for part in parts for above in node.parent_keys if changed & {(above, part), (above, None)}} - own
    changed |= {(key, part) for part in own | behind}
    count = len(own | behind)
    bound = "at most" if behind else "exactly"
    return PlannedAsset(key.to_user_string(), count, len(parts) - count, None if count else 0.0, bound)


def statuses_of(
    defs: dg.Definitions, key: dg.AssetKey, parts: Sequence[str | None], instance: dg.DagsterInstance
) -> dict[str | None, StaleStatus]:
    """Per partition (None: the asset has none), whether it was made by the present recipe of what is there now."""
    graph = defs.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, Loading(instance))
    return {part: resolver.get_status(key, part) for part in parts}


class Loading(LoadingContext):
    """What the resolver reads records through; those it has read it keeps."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance, self._loaders = instance, {}

    @property
    def instance(self) -> dg.DagsterInstance:
        return self._instance

    @property
    def loaders(self) -> dict:
        return self._loaders
