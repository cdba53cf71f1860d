"""Which assets a selection takes, and in the order of which runs."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, fields

import dagster as dg
from dagster._core.definitions.asset_selection import (
    ChainedAssetSelection,
    GroupsAssetSelection,
    GroupWildCardAssetSelection,
    KeysAssetSelection,
    KeyWildCardAssetSelection,
    OperandListAssetSelection,
    SubtractAssetSelection,
)
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph

from internvid_assets.cells.errors import UserError
from internvid_assets.partitions import by_category, by_format, by_subset

ONLY_WHERE_NAMED = frozenset({"releases", "viclip", "evaluation"})
"""Groups whose assets are kept for good, or take days of a GPU: a selection has to name them.

`*` and `key:clips+` leave them out; `key:viclip_checkpoint`, `+key:viclip_checkpoint` and `group:viclip` do not.
"""
NAMES = (KeysAssetSelection, KeyWildCardAssetSelection, GroupsAssetSelection, GroupWildCardAssetSelection)
Keys = Set[dg.AssetKey]


@dataclass(frozen=True)
class Selected:
    """The assets of a selection in the order of their runs: those with partitions stand between the others."""

    before: list[dg.AssetKey]
    """Without partitions, and nothing above them has any."""
    by_category: list[dg.AssetKey]
    after: list[dg.AssetKey]
    """Without partitions, over all categories."""
    by_format: list[dg.AssetKey]
    """Partitioned by the format of interleaved sequences, over all categories."""
    by_subset: list[dg.AssetKey]
    """Partitioned by the subset that is trained on."""
    last: list[dg.AssetKey]
    """Without partitions, over all formats and subsets too."""

    def all(self) -> list[dg.AssetKey]:
        return [key for turn in fields(self) for key in getattr(self, turn.name)]


def select(defs: dg.Definitions, selection: str) -> Selected:
    """Resolve Dagster's asset selection syntax; raises UserError when it selects nothing or is not understood."""
    graph = defs.resolve_asset_graph()
    try:
        parsed = dg.AssetSelection.from_string(selection)
        keys = parsed.resolve(graph)
    except Exception as error:
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"selection {selection!r} is not understood ({message}); try 'key:clips' or '+key:clips'"
        ) from None
    if not keys:
        known = ", ".join(sorted(key.to_user_string() for key in graph.get_all_asset_keys()))
        raise UserError(f"selection {selection!r} selects nothing; assets: {known}")
    keys = {key for key in keys if graph.get(key).group_name not in ONLY_WHERE_NAMED} | named(parsed, graph)
    runs: dict[str, list[dg.AssetKey]] = {turn.name: [] for turn in fields(Selected)}
    for key in graph.toposorted_asset_keys:
        if key in keys:
            runs[_turn(graph, key)].append(key)
    return Selected(**runs)


def named(selection: dg.AssetSelection, graph: BaseAssetGraph) -> Keys:
    """The selected assets of ONLY_WHERE_NAMED that the selection names.

    A key or group names what it matches, unless it matches other assets too, as `group:"*"` does. From what is named,
    `+` and the like reach the rest of its group. What follows `not` names nothing.
    """
    keys = selection.resolve(graph)
    if isinstance(selection, NAMES):
        return keys if _groups(keys, graph) <= ONLY_WHERE_NAMED else set()
    parts = {key for part in _parts(selection) for key in named(part, graph)}
    if isinstance(selection, ChainedAssetSelection):
        return {key for key in keys if graph.get(key).group_name in _groups(parts, graph)}
    return parts & keys


def _parts(selection: dg.AssetSelection) -> Sequence[dg.AssetSelection]:
    """What a selection is made of, without what it takes away."""
    if isinstance(selection, OperandListAssetSelection):
        return selection.operands
    if isinstance(selection, SubtractAssetSelection):
        return [selection.left]
    return [selection.child] if isinstance(selection, ChainedAssetSelection) else []


def _groups(keys: Keys, graph: BaseAssetGraph) -> set[str]:
    return {graph.get(key).group_name for key in keys}


def _turn(graph: BaseAssetGraph, key: dg.AssetKey) -> str:
    """Which of the runs an asset belongs to: the name of a field of `Selected`."""
    own = graph.get(key).partitions_def
    if own:
        return "by_format" if own == by_format else "by_subset" if own == by_subset else "by_category"
    above = [graph.get(ancestor).partitions_def for ancestor in graph.get_ancestor_asset_keys(key)]
    return "last" if by_format in above or by_subset in above else "after" if by_category in above else "before"
