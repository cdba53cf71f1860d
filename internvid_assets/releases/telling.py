"""Presenting releases and changes: Markdown tables for the UI, rows for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from internvid_assets.releases.shelf import Release

SHOWN_CHANGES = 50


def clips_table(release: Release) -> str:
    """The number of clips of each subset."""
    return _table(["subset", "clips"], ((name, f"{about['rows']:,}") for name, about in release.subsets.items()))


def checks_table(release: Release) -> str:
    """All checks, failed ones first."""
    checks = sorted(release.manifest["made_of"]["checks"].items(), key=lambda check: (-check[1]["offenders"], check[0]))
    rows = ((name, about["severity"], f"{about['offenders']:,}") for name, about in checks)
    return _table(["check", "severity", "offending rows"], rows)


def changes_table(before: Release, summary: pl.DataFrame) -> str:
    """The changes since the release `before`."""
    if summary.is_empty():
        return f"No clip differs from release {before.id}."
    shown = summary.drop("example").head(SHOWN_CHANGES)
    more = f"\n\n… and {summary.height - SHOWN_CHANGES} more lines" if summary.height > SHOWN_CHANGES else ""
    return f"Since release {before.id}:\n\n{_table(shown.columns, shown.iter_rows())}{more}"


def one_line_each(releases: Iterable[Release]) -> pl.DataFrame:
    """One row per release, the newest last: its time, its profile, and the number of clips of each subset."""
    rows = [
        {
            "release": release.id,
            "created_at": release.created_at,
            "profile": release.manifest["profile"],
            "videos": release.manifest["files"]["videos.parquet"]["rows"],
            **{name: about["rows"] for name, about in release.subsets.items()},
        }
        for release in releases
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [[str(cell).replace("|", "/") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines])
