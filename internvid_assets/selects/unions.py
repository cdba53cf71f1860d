"""Tables that are others laid end to end, so that a question about all subsets names none of them.

Lineage sees through them: who reads `chosen_clips` reads every subset.
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
    CHOSEN_CLIPS: ("select {text} as subset, * from {name}", "One row per subset and clip it chose, and why."),
    CALLS: (
        "select {text} as table_name, recipe, error, error_message, attempts from {name}",
        "One row per row of a table of remembered calls: what is said of the call behind it.",
    ),
}
"""Each union: what is selected of a member, and what one row is."""


@cache
def members(union: str, subsets_folder: Path) -> tuple[str, ...]:
    """The tables that a union is made of; of any other table itself."""
    if union in (SUBSETS, CHOSEN_CLIPS):
        return tuple(sorted(path.stem for path in subsets_folder.glob("*.sql")))
    if union == CALLS:
        graph = {**tables.OVER_ALL, **tables.PER_CATEGORY}
        return tuple(name for name, schema in graph.items() if issubclass(schema, tables.Called))
    return (union,)


def views(names: Collection[str], subsets_folder: Path) -> Iterator[str]:
    """Statements that make each union among `names`, in a connection which sees its members."""
    for union in sorted(ABOUT.keys() & set(names)):
        select, about = ABOUT[union]
        parts = (select.format(text=quoted(name), name=name) for name in members(union, subsets_folder))
        yield f"create view {union} as {' union all '.join(parts)}"
        yield f"comment on view {union} is {quoted(about)}"
