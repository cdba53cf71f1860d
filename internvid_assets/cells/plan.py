"""What a materialisation would compute, without running or changing anything."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import duckdb
import polars as pl

from internvid_assets.cells.feature import Feature
from internvid_assets.cells.inputs import input_hashes
from internvid_assets.cells.pending import STAGED_ROWS, is_settled
from internvid_assets.cells.remembered import Remembered, connect, fetch_one
from internvid_assets.cells.sql_text import listed, quoted

if TYPE_CHECKING:
    from internvid_assets.home import Home

Bound = Literal["exactly", "at most", "about"]
RATE_PARTS = 8


@dataclass(frozen=True)
class PlannedAsset:
    """An asset's share of the work; `seconds` is None if no call was ever timed."""

    asset: str
    rows_to_compute: int
    rows_reused: int
    seconds: float | None
    bound: Bound


@dataclass(frozen=True)
class Share:
    """One category of one table: its rows, those whose call is pending, and those that may be recomputed (`touched`).

    `added` of them are not in the current table: downstream, their rows come on top of the existing ones.
    """

    rows: int = 0
    pending: int = 0
    touched: int = 0
    bound: Bound = "exactly"
    added: int = 0


def plan(
    features: Iterable[Feature],
    home: Home,
    categories: Sequence[str],
    *,
    selected: Collection[str],
    listed: Mapping[tuple[str, str | None], pl.LazyFrame],
) -> list[PlannedAsset]:
    """The planned work of the selected features, in graph order.

    `listed` holds the rows that the sources list now, by table (such as `candidate_videos`) and category. The count of
    the first changed asset is exact; downstream counts include all rows that may change, although a call is repeated
    only if a value it reads has actually changed.
    """
    with home.store.scratch() as scratch:
        return _planned(features, home, categories, selected, listed, scratch)


def pending_rows(feature: Feature, home: Home, categories: Iterable[str | None]) -> int:
    """Number of rows of the current upstream tables whose call is pending; hashes them, but makes no calls."""
    upstream = {category: home.upstream(feature, category) for category in categories}
    with home.store.scratch() as scratch:
        return sum(share.pending for share in _own_shares(feature, home, upstream, scratch).values())


def as_judged_now(feature: Feature, home: Home, category: str | None) -> pl.LazyFrame:
    """The current table with its derived columns recomputed under the current settings, which needs no calls."""
    rows = home.lake.scan(feature.name, category)
    if feature.finish is None or not feature.derived:
        return rows
    return home.judged(feature, rows.drop(feature.derived), category)


def _planned(
    features: Iterable[Feature],
    home: Home,
    categories: Sequence[str],
    selected: Collection[str],
    listed: Mapping[tuple[str, str | None], pl.LazyFrame],
    scratch: Path,
) -> list[PlannedAsset]:
    shares: dict[tuple[str, str | None], Share] = {}
    tables = {c: {name: rows for (name, of), rows in listed.items() if of == c} for c in [None, *categories]}
    planned = []
    for feature in features:
        if feature.name not in selected:
            continue
        own_categories = categories if feature.is_partitioned else [None]
        upstream = {category: home.upstream(feature, category, **tables[category]) for category in own_categories}
        own = _own_shares(feature, home, upstream, scratch)
        for category in own_categories:
            shares[feature.name, category] = _with_upstream(feature, category, own, shares)
            tables[category][feature.name] = as_judged_now(feature, home, category)
        planned.append(_summed(feature.name, [shares[feature.name, c] for c in own_categories], home, scratch))
    return planned


def _own_shares(
    feature: Feature, home: Home, upstream: Mapping[str | None, pl.LazyFrame], scratch: Path
) -> dict[str | None, Share]:
    """Exact, given the upstream rows of each category: the same query as in `fill`, for all categories at once."""
    parts = _parts(feature, home, upstream)
    with connect(scratch, home.settings.memory_limit) as connection:
        connection.execute("create table inputs (category varchar, input_hash varchar)")
        for path in _hashed(feature, upstream, scratch):
            connection.execute("insert into inputs select category, input_hash from read_parquet(?)", [str(path)])
        _find_settled(connection, parts, home.settings.max_attempts)
        _find_present(connection, feature, home, upstream)
        counted = connection.execute("""
            select category, count(*), count(*) filter (settled.input_hash is null),
                count(*) filter (settled.input_hash is null and present.input_hash is null)
            from inputs
            left join settled using (category, input_hash)
            left join present using (category, input_hash)
            group by category""").fetchall()
    counts = {category: Share(rows, pending, pending, added=added) for category, rows, pending, added in counted}
    return {category: counts.get(category or "all", Share()) for category in upstream}


def _hashed(feature: Feature, upstream: Mapping[str | None, pl.LazyFrame], scratch: Path) -> Iterator[Path]:
    """Files of the upstream rows' input hashes, in bounded batches: passing a frame would require importing pyarrow."""
    path = scratch / "hashed.parquet"
    for category, rows in upstream.items():
        for batch in rows.collect_batches(chunk_size=STAGED_ROWS):
            batch.select(input_hashes(batch, feature.reads), category=pl.lit(category or "all")).write_parquet(path)
            yield path


def _parts(feature: Feature, home: Home, categories: Iterable[str | None]) -> list[tuple[str, str]]:
    """(category, path) of every part with cells of the current recipe."""
    recipe, payload = home.recipe(feature).hash, feature.payload()
    each = [Remembered(home.store, feature.name, recipe, category, payload) for category in categories]
    return [(cells.category or "all", str(home.store.local_path(part))) for cells in each for part in cells.parts()]


def _find_settled(connection: duckdb.DuckDBPyConnection, parts: Sequence[tuple[str, str]], max_attempts: int) -> None:
    """Create the table `settled`: the calls that need not be made (again)."""
    connection.execute("create table settled (category varchar, input_hash varchar)")
    connection.execute("create table parts (category varchar, path varchar)")
    if not parts:
        return
    connection.executemany("insert into parts values (?, ?)", parts)
    cells = f"read_parquet({listed(path for _, path in parts)}, filename = 'path', hive_partitioning = false)"
    connection.execute(f"""
        insert into settled
        select category, input_hash from {cells} join parts using (path)
        where coalesce(row_index, 0) = 0
        group by all having {is_settled(max_attempts)}""")


def _find_present(
    connection: duckdb.DuckDBPyConnection, feature: Feature, home: Home, categories: Iterable[str | None]
) -> None:
    """Create the table `present`: the inputs of the rows in the current tables, under any recipe."""
    connection.execute("create table present (category varchar, input_hash varchar)")
    for category in categories:
        path = home.lake.path(feature.name, category)
        if path is not None:
            query = f"select distinct ?, input_hash from read_parquet({quoted(path)})"
            connection.execute(f"insert into present {query}", [category or "all"])


def _with_upstream(
    feature: Feature,
    category: str | None,
    own: Mapping[str | None, Share],
    above: Mapping[tuple[str, str | None], Share],
) -> Share:
    """Add the rows that depend on upstream rows that may change or are new.

    At most one per upstream row that may change, if the table has no more rows than its upstream table; otherwise about
    as many as there are per upstream row now.
    """
    share = own[category]
    bound: Bound = share.bound
    certain, guessed, added = share.pending, 0, 0
    for table in feature.upstream_tables:
        touched = above.get((table, category), Share())
        if not touched.touched:
            continue
        rows_each = _rows_each(table, category, own, above)
        if touched.added or rows_each > 1 or not share.rows or touched.bound == "about":
            guessed = max(guessed, math.ceil(touched.touched * rows_each))
            added = max(added, math.ceil(touched.added * rows_each))
            bound = "about"
        else:
            certain = min(certain + touched.touched, share.rows)
            bound = _loosest([bound, "at most"])
    rows = max(share.rows + added, guessed)
    return Share(rows, share.pending, min(max(certain, share.pending + guessed), rows), bound, share.added + added)


def _rows_each(
    table: str, category: str | None, own: Mapping[str | None, Share], above: Mapping[tuple[str, str | None], Share]
) -> float:
    """Rows per upstream row that is not new, in this category, or else in all categories, or else 1."""
    for names in ([category], list(own)):
        rows = sum(own[name].rows for name in names)
        known_above = sum(above[table, name].rows - above[table, name].added for name in names)
        if rows and known_above:
            return rows / known_above
    return 1.0


def _loosest(bounds: Collection[Bound]) -> Bound:
    """The least precise of the bounds; `exactly` if there are none."""
    if "about" in bounds:
        return "about"
    return "at most" if "at most" in bounds else "exactly"


def _summed(asset: str, shares: Sequence[Share], home: Home, scratch: Path) -> PlannedAsset:
    to_compute = sum(share.touched for share in shares)
    reused = sum(share.rows - share.touched for share in shares)
    bound = _loosest({share.bound for share in shares if share.touched})
    rate = _seconds_per_call(asset, home, scratch) if to_compute else 0.0
    return PlannedAsset(asset, to_compute, reused, None if rate is None else round(to_compute * rate, 1), bound)


def _seconds_per_call(asset: str, home: Home, scratch: Path) -> float | None:
    """Measured over the asset's latest parts, of any recipe; the median, since a first part includes loading models."""
    return _measured("call_seconds", _latest_parts(f"cells/{asset}", home), home, scratch)


def cost_per_call(feature: Feature, home: Home, recipe: str) -> tuple[float, float | None] | None:
    """(seconds, dollars) per call under `recipe`, measured in the same way; None if no call was made."""
    paths = _latest_parts(f"cells/{feature.name}/recipe={recipe}", home)
    with home.store.scratch() as scratch:
        seconds = _measured("call_seconds", paths, home, scratch)
        priced = "cost_dollars" in feature.payload()
        dollars = _measured("cost_dollars", paths, home, scratch) if priced else None
    return None if seconds is None else (seconds, dollars)


def _latest_parts(folder: str, home: Home) -> list[Path]:
    parts = [file for file in home.store.list(folder) if file.name.endswith(".parquet")]
    latest = sorted(parts, key=lambda file: file.version)[-RATE_PARTS:]
    return [home.store.local_path(file) for file in latest]


def _measured(column: str, paths: Sequence[Path], home: Home, scratch: Path) -> float | None:
    """The median over the parts of the mean over their calls."""
    if not paths:
        return None
    with connect(scratch, home.settings.memory_limit) as connection:
        cells = f"read_parquet({listed(paths)}, filename = 'path', union_by_name = true)"
        means = f"select avg({column}) as mean from {cells} where coalesce(row_index, 0) = 0 group by path"
        return fetch_one(connection, f"select median(mean) from ({means})")[0]
