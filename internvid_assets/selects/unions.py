"""Unions of tables, so that queries over all subsets need not name them.

Lineage resolves them: a query that reads `chosen_clips` depends on every subset.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from internvid_assets import tables
from internvid_assets.cells.sql_text import quoted

SUBSETS, CHOSEN_CLIPS, CALLS = "subsets", "chosen_clips", "calls"
ABOUT = {
    SUBSETS: ("select {text} as subset", "One row per subset."),
    CHOSEN_CLIPS: ("select {text} as subset, * from {name}", "One row per subset and clip it selected, and why."),
    CALLS: (
        "select {text} as table_name, recipe, error, error_message, attempts from {name}",
        "One row per row of a table of stored calls: the call that produced it.",
    ),
}
"""For each union: what is selected from a member, and what one row is."""


@cache
def members(union: str, subsets_folder: Path) -> tuple[str, ...]:
    """The tables that a union consists of; for any other table, the table itself."""
    if union in (SUBSETS, CHOSEN_CLIPS):
        return tuple(sorted(path.stem for path in subsets_folder.glob("*.sql")))
    if union == CALLS:
        graph = {**tables.OVER_ALL, **tables.PER_CATEGORY}
        return tuple(name for name, schema in graph.items() if issubclass(schema, tables.Called))
    return (union,)


def views(names: Collection[str], subsets_folder: Path) -> Iterator[str]:
    """Statements that create the unions among `names`, in a connection with their members."""
    for union in sorted(ABOUT.keys() & set(names)):
        select, about = ABOUT[union]
        parts = (select.format(text=quoted(name), name=name) for name in members(union, subsets_folder))
        yield f"create view {union} as {' union all '.join(parts)}"
        yield f"comment on view {union} is {quoted(about)}"
