"""Values as SQL text."""

from __future__ import annotations

from collections.abc import Iterable


def quoted(value: object) -> str:
    """A SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def listed(paths: Iterable[object]) -> str:
    """A SQL list of string literals, as for `read_parquet`."""
    return f"[{', '.join(map(quoted, paths))}]"
