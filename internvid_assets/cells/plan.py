"""What a materialisation would compute, before anything runs; it changes nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import duckdb
import polars as pl

from internvid_assets.cells.feature import Feature
from internvid_assets.cells.pending import beside_cells, stage_inputs
from internvid_assets.cells.remembered import Remembered

if TYPE_CHECKING:
    from internvid_assets.home import Home

Bound = Literal["exactly", "at most", "about"]
RATE_PARTS = 8


@dataclass(frozen=True)
class PlannedAsset:
    """An asset's share of the work; `seconds` is null where no call was ever timed."""

    asset: str
    rows_to_compute: int
    rows_reused: int
    seconds: float | None
    bound: Bound


@dataclass(frozen=True)
class _Share:
    """One category of one table: its rows, those whose call is pending, and those that may be touched."""

    rows: int = 0
    pending: int = 0
    touched: int = 0
    bound: Bound = "exactly"


def plan(
    features: Iterable[Feature],
    home: Home,
    categories: Sequence[str],
    *,
    selected: Sequence[str],
    candidates: Mapping[str, pl.LazyFrame],
) -> list[PlannedAsset]:
    """The selected features in graph order.

    `candidates` are the categories' candidate videos as the sources offer them now. The first changed asset is exact;
    behind it stands what may change: a call is made again only when a value it reads has really changed.
    """
    shares: dict[tuple[str, str], _Share] = {}
    planned = []
    for feature in features:
        for category in categories:
            share = _own_share(feature, home, category, candidates[category])
            shares[feature.name, category] = _with_upstream(share, feature, category, shares, selected)
        if feature.name in selected:
            planned.append(_summed(feature.name, [shares[feature.name, c] for c in categories], home))
    return planned


def _own_share(feature: Feature, home: Home, category: str, candidates: pl.LazyFrame) -> _Share:
    """Exact, given the upstream tables as they stand."""
    recipe = home.recipe(feature).hash
    remembered = Remembered(home.store, feature.name, recipe, category, feature.payload(), home.settings.memory_limit)
    upstream = home.upstream(feature, category, candidate_videos=candidates)
    if home.lake.version("candidate_videos", category) is None and candidates.select(pl.len()).collect().item() == 0:
        return _Share()
    with (
        stage_inputs(feature, upstream, home.store) as inputs,
        beside_cells(inputs, remembered, max_attempts=home.settings.max_attempts) as now,
    ):
        return _Share(now.count_rows(), now.count_pending_rows())


def _with_upstream(
    share: _Share, feature: Feature, category: str, shares: Mapping[tuple[str, str], _Share], selected: Sequence[str]
) -> _Share:
    """Add the rows behind upstream rows that may change: as many per upstream row as there are now."""
    touched, bound = share.pending, share.bound
    for table in feature.upstream_tables:
        above = shares.get((table, category), _Share())
        if not above.touched or table not in selected:
            continue
        rows_each = share.rows / above.rows if share.rows and above.rows else 1.0
        behind = math.ceil(above.touched * rows_each)
        bound = "about" if rows_each > 1 or above.bound == "about" or not share.rows else "at most"
        touched = max(touched, min(behind, share.rows) if share.rows and bound == "at most" else behind)
    return _Share(share.rows, share.pending, touched, bound)


def _summed(asset: str, shares: Sequence[_Share], home: Home) -> PlannedAsset:
    to_compute = sum(share.touched for share in shares)
    reused = sum(max(share.rows - share.touched, 0) for share in shares)
    bounds = {share.bound for share in shares if share.touched}
    bound: Bound = "about" if "about" in bounds else "at most" if "at most" in bounds else "exactly"
    rate = _seconds_per_call(asset, home) if to_compute else 0.0
    return PlannedAsset(asset, to_compute, reused, None if rate is None else round(to_compute * rate, 1), bound)


def _seconds_per_call(asset: str, home: Home) -> float | None:
    """Measured: the mean over the asset's last few parts, whatever their recipe."""
    parts = [file for file in home.store.list(f"cells/{asset}") if file.name.endswith(".parquet")]
    latest = sorted(parts, key=lambda file: file.version)[-RATE_PARTS:]
    if not latest:
        return None
    paths = [str(home.store.local_path(file)) for file in latest]
    with duckdb.connect() as connection:
        query = "select avg(call_seconds) from read_parquet(?, union_by_name = true) where coalesce(row_index, 0) = 0"
        row = connection.execute(query, [paths]).fetchone()
    return row[0] if row else None
