"""What a release is made of: the current versions of the tables and subsets, and the results of the checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from internvid_assets import tables
from internvid_assets.cells.errors import RunStopped
from internvid_assets.cells.lake import TableVersion
from internvid_assets.home import Home
from internvid_assets.selects.files import SqlFile, sql_files
from internvid_assets.selects.running import count_selected

ALL = "all"
"""In place of the category, for tables without categories."""

Versions = Mapping[str, Mapping[str, TableVersion]]


def categories_with_videos(home: Home) -> list[str]:
    """The categories with candidate videos: all their tables are expected."""
    return [category for category in tables.CATEGORIES if home.lake.path("candidate_videos", category)]


def current_versions(home: Home) -> Versions:
    """Table -> category -> version, for the graph's tables; raises RunStopped if one is missing or damaged."""
    per_category: dict[str, Sequence[str | None]] = dict.fromkeys(tables.PER_CATEGORY, categories_with_videos(home))
    if not per_category["videos"]:
        raise RunStopped("nothing to release: no category has videos yet; ingest some, and materialise the graph")
    expected = {**dict.fromkeys(tables.OVER_ALL, (None,)), **per_category}
    found = {table: {of or ALL: home.lake.version(table, of) for of in own} for table, own in expected.items()}
    missing = [(table, of) for table, own in found.items() for of, version in own.items() if version is None]
    _refuse_missing(missing)
    return {table: {of: version for of, version in own.items() if version} for table, own in found.items()}


def _refuse_missing(missing: Sequence[tuple[str, str]]) -> None:
    if missing:
        named = "; ".join(_named(table, [of for _, of in own]) for table, own in groupby(missing, itemgetter(0)))
        raise RunStopped(f"no release made: tables are missing: {named}; materialise them")


def _named(table: str, categories: Sequence[str]) -> str:
    return table if categories == [ALL] else f"{table} of {', '.join(categories)}"


def current_subsets(home: Home) -> dict[str, dict[str, Any]]:
    """The SQL, parameters and result of each subset; raises RunStopped for a missing or outdated one."""
    files = {file.name: file for file in sql_files("subsets")}
    found = {name: home.lake.version(name) for name in files}
    _refuse_missing([(name, ALL) for name, version in found.items() if version is None])
    versions = {name: version for name, version in found.items() if version}
    recipes = {name: file.recipe(home.settings.parameters_of_subset(name)) for name, file in files.items()}
    otherwise = [name for name, version in versions.items() if version.recipe != recipes[name].hash]
    if otherwise:
        way_out = "internvid materialize 'group:subsets'"
        raise RunStopped(f"made with other SQL or parameters than the current ones: {', '.join(otherwise)}; {way_out}")
    return {
        name: {
            "sql": recipes[name].version,
            "parameters": recipes[name].parameters,
            "data_version": version.data_version,
            "rows": version.rows,
        }
        for name, version in versions.items()
    }


def check_results(home: Home) -> dict[str, dict[str, Any]]:
    """Each check of sql/checks with its severity and its current number of offending rows.

    A check of a table with categories is evaluated category by category.
    """
    offenders: Counter[str] = Counter()
    for category in (*categories_with_videos(home), None):
        checks = [file for file in sql_files("checks") if _has_categories(file) == (category is not None)]
        offenders.update(dict(_offenders(home, checks, category)))
    return {file.name: {"severity": file.severity, "offenders": offenders[file.name]} for file in sql_files("checks")}


def _has_categories(check: SqlFile) -> bool:
    return check.checked_table() in tables.PER_CATEGORY


def _offenders(home: Home, checks: Sequence[SqlFile], category: str | None) -> Iterator[tuple[str, int]]:
    named = {table for file in checks for table in file.tables()}
    own = {table for table in named if category and table in tables.PER_CATEGORY}
    found = {table: home.lake.path(table, category) for table in own}
    paths = {table: [path] for table, path in found.items() if path}
    paths |= {table: home.lake.paths(table) for table in named - own}
    counts = count_selected(checks, paths, memory_limit=home.settings.memory_limit)
    return zip((file.name for file in checks), counts, strict=True)


def refuse_failed_checks(checks: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises RunStopped naming the failed checks of severity error."""
    failed = [
        f"{name} ({about['offenders']} offending rows)"
        for name, about in checks.items()
        if about["severity"] == "error" and about["offenders"]
    ]
    if failed:
        way_out = "the queries in sql/checks show the rows: fix their cause, and materialise again"
        raise RunStopped(f"no release made: checks failed: {', '.join(failed)}; {way_out}")
