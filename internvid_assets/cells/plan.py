"""What a materialisation would compute, before anything runs; it changes nothing."""

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
from internvid_assets.cells.pending import STAGED_ROWS
from internvid_assets.cells.remembered import Remembered, connect, fetch_one, listed

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
class Share:
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
    selected: Collection[str],
    listed: Mapping[tuple[str, str | None], pl.LazyFrame],
) -> list[PlannedAsset]:
    """The selected features in graph order.

    `listed` are the rows of listings (such as `candidate_videos`, by category) as their sources offer them now. The
    first changed asset is exact; behind it stands what may change: a call is made again only when a value it reads has
    really changed.
    """
    with home.store.scratch() as scratch:
        return _planned(features, home, categories, selected, listed, scratch)


def as_judged_now(feature: Feature, home: Home, category: str | None) -> pl.LazyFrame:
    """The table as it stands, its derived columns made again under the present settings: no call is needed for that."""
    rows = home.lake.scan(feature.name, category)
    if feature.finish is None or not feature.derived:
        return rows
    return feature.finish(rows.drop(feature.derived), feature.parameters(home.settings))


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
    """Exact, given the upstream rows of each category: what `fill` asks of one category, asked of all at once."""
    parts = _parts(feature, home, upstream)
    with connect(scratch, home.settings.memory_limit) as connection:
        connection.execute("create table inputs (category varchar, input_hash varchar)")
        for path in _hashed(feature, upstream, scratch):
            connection.execute("insert into inputs select category, input_hash from read_parquet(?)", [str(path)])
        _find_settled(connection, parts, home.settings.max_attempts)
        counted = connection.execute("""
            select category, count(*), count(*) filter (settled.input_hash is null)
            from inputs left join settled using (category, input_hash)
            group by category""").fetchall()
    counts = {category: Share(rows, pending, pending) for category, rows, pending in counted}
    return {category: counts.get(category or "all", Share()) for category in upstream}


def _hashed(feature: Feature, upstream: Mapping[str | None, pl.LazyFrame], scratch: Path) -> Iterator[Path]:
    """The upstream rows' input hashes, a bounded number at a time, in a file: a frame would cost importing pyarrow."""
    path = scratch / "hashed.parquet"
    for category, rows in upstream.items():
        for batch in rows.collect_batches(chunk_size=STAGED_ROWS):
            batch.select(input_hashes(batch, feature.reads), category=pl.lit(category or "all")).write_parquet(path)
            yield path


def _parts(feature: Feature, home: Home, categories: Iterable[str | None]) -> list[tuple[str, str]]:
    """(category, path) of every part that holds cells of the present recipe."""
    recipe, payload = home.recipe(feature).hash, feature.payload()
    each = [Remembered(home.store, feature.name, recipe, category, payload) for category in categories]
    return [(cells.category or "all", str(home.store.local_path(part))) for cells in each for part in cells.parts()]


def _find_settled(connection: duckdb.DuckDBPyConnection, parts: Sequence[tuple[str, str]], max_attempts: int) -> None:
    """Table `settled`: the calls that need not be made (again), by the rule of `pending.beside_cells`."""
    connection.execute("create table settled (category varchar, input_hash varchar)")
    connection.execute("create table parts (category varchar, path varchar)")
    if not parts:
        return
    connection.executemany("insert into parts values (?, ?)", parts)
    cells = f"read_parquet({listed(path for _, path in parts)}, filename = 'path', hive_partitioning = false)"
    connection.execute(f"""
        insert into settled
        select distinct category, input_hash from {cells} join parts using (path)
        where coalesce(row_index, 0) = 0 and (error is null or not is_retryable or attempts >= {max_attempts})""")


def _with_upstream(
    feature: Feature,
    category: str | None,
    own: Mapping[str | None, Share],
    above: Mapping[tuple[str, str | None], Share],
) -> Share:
    """Add the rows behind upstream rows that may change.

    At most one behind each, where the table has no more rows than its upstream; else about as many as there are now.
    """
    share = own[category]
    bound: Bound = share.bound
    certain, guessed = share.pending, 0
    for table in feature.upstream_tables:
        touched = above.get((table, category), Share())
        if not touched.touched:
            continue
        rows_each = _rows_each(table, category, own, above)
        if rows_each > 1 or not share.rows or touched.bound == "about":
            guessed = max(guessed, math.ceil(touched.touched * rows_each))
            bound = "about"
        else:
            certain = min(certain + touched.touched, share.rows)
            bound = _loosest([bound, "at most"])
    return Share(share.rows, share.pending, max(certain, guessed), bound)


def _rows_each(
    table: str, category: str | None, own: Mapping[str | None, Share], above: Mapping[tuple[str, str | None], Share]
) -> float:
    """Rows per upstream row in this category; where it has none yet, in all; one where nothing is known."""
    for names in ([category], list(own)):
        rows, rows_above = sum(own[name].rows for name in names), sum(above[table, name].rows for name in names)
        if rows and rows_above:
            return rows / rows_above
    return 1.0


def _loosest(bounds: Collection[Bound]) -> Bound:
    """The one that promises least; exact where there is none."""
    if "about" in bounds:
        return "about"
    return "at most" if "at most" in bounds else "exactly"


def _summed(asset: str, shares: Sequence[Share], home: Home, scratch: Path) -> PlannedAsset:
    to_compute = sum(share.touched for share in shares)
    reused = sum(max(share.rows - share.touched, 0) for share in shares)
    bound = _loosest({share.bound for share in shares if share.touched})
    rate = _seconds_per_call(asset, home, scratch) if to_compute else 0.0
    return PlannedAsset(asset, to_compute, reused, None if rate is None else round(to_compute * rate, 1), bound)


def _seconds_per_call(asset: str, home: Home, scratch: Path) -> float | None:
    """Measured over the asset's last few parts, whatever their recipe; the median, since a first part loads models."""
    parts = [file for file in home.store.list(f"cells/{asset}") if file.name.endswith(".parquet")]
    latest = sorted(parts, key=lambda file: file.version)[-RATE_PARTS:]
    if not latest:
        return None
    paths = [str(home.store.local_path(file)) for file in latest]
    with connect(scratch, home.settings.memory_limit) as connection:
        cells = f"read_parquet({listed(paths)}, filename = 'path', union_by_name = true)"
        means = f"select avg(call_seconds) as seconds from {cells} where coalesce(row_index, 0) = 0 group by path"
        return fetch_one(connection, f"select median(seconds) from ({means})")[0]
