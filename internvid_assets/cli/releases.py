"""internvid releases and diff: which releases there are, whether they are whole, and what changed between two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from internvid_assets.cli.environment import open_home
from internvid_assets.cli.options import OutputFormat
from internvid_assets.cli.output import Format, show

NAMED = "latest, previous, or a release id, which may be shortened."


def releases(
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every file, and report those that have changed.")
    ] = False,
    format: OutputFormat = Format.table,
) -> None:
    """List this home's releases, newest last, with the number of clips in each subset.

    A release is made by materialising the asset `release`, and never changes. Exit code 1 when --verify finds one that
    did.

    Example: internvid releases --verify
    """
    from internvid_assets.releases.shelf import releases_of
    from internvid_assets.releases.telling import one_line_each
    from internvid_assets.releases.verifying import differences

    found = releases_of(open_home().path)
    show(one_line_each(found), format)
    problems = [problem for release in found for problem in differences(release)] if verify else []
    for problem in problems:
        typer.echo(f"internvid: {problem}", err=True)
    if problems:
        raise typer.Exit(1)


def diff(
    old: Annotated[str, typer.Argument(help=NAMED)] = "previous",
    new: Annotated[str, typer.Argument(help=NAMED)] = "latest",
    subset: Annotated[list[str] | None, typer.Option("--subset", help="Compare only this subset; repeatable.")] = None,
    rows: Annotated[Path | None, typer.Option(help="Write every changed row to this .csv or .parquet file.")] = None,
    format: OutputFormat = Format.table,
) -> None:
    """Show what changed between two releases, and why: clips added, removed, re-captioned or re-scored.

    A clip both re-captioned and re-scored is counted twice.

    Example: internvid diff previous latest --subset internvid_10m_flt --rows changes.csv
    """
    from internvid_assets.releases.comparing import compared
    from internvid_assets.releases.shelf import find_release

    home = open_home()
    before, after = (find_release(home.path, named) for named in (old, new))
    with compared(home, before, after, subset or ()) as changes:
        summary = changes.summary()
        written = changes.write(rows) if rows else 0
    typer.echo(f"{before.id} ({before.created_at}) -> {after.id} ({after.created_at})", err=True)
    show(summary, format)
    if rows:
        typer.echo(f"{rows}: {written} rows", err=True)
