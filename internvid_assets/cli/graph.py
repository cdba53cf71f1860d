"""Commands on the graph: materialize, plan, status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import polars as pl
import typer

from internvid_assets.cli.app import Categories, OutputFormat, Overrides, Selection, app
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.output import Format, show
from internvid_assets.cli.progress import FillProgress
from internvid_assets.home import Home
from internvid_assets.tables import CATEGORIES


@app.command()
def materialize(
    selection: Selection = "*",
    category: Categories = None,
    set_: Overrides = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many calls per asset and category; writes no table.")
    ] = None,
    retry_quarantined: Annotated[bool, typer.Option(help="Try calls again that had failed for good.")] = False,
) -> None:
    """Compute what is missing, in this process; every materialisation is recorded where the UI shows it.

    Example: internvid materialize '+key:clips' --category sports --set clips.threshold=30
    """
    from internvid_assets.cli import runs

    with FillProgress() as progress:
        home = open_home(set_ or (), progress.of)
        categories = chosen_categories(home, category)
        problems = runs.materialize(
            home, selection=selection, categories=categories, limit=limit, retry_quarantined=retry_quarantined
        )
    for problem in problems:
        typer.echo(f"internvid: {problem}", err=True)
    if problems:
        raise typer.Exit(1)
    print(f"{selection} is up to date for {', '.join(categories) or 'no category: ingest something first'}")


@app.command()
def plan(
    selection: Selection = "*", category: Categories = None, set_: Overrides = None, format: OutputFormat = Format.table
) -> None:
    """What materialize would compute: rows, and about how long. Changes nothing.

    Example: internvid plan --set fused_captions.max_frame_captions=8
    """
    from internvid_assets.cells.plan import plan as planned
    from internvid_assets.cli import runs
    from internvid_assets.definitions import build_defs, features
    from internvid_assets.videos.sources import list_candidates, read_sources

    home = open_home(set_ or ())
    categories = chosen_categories(home, category)
    chosen = runs.select(build_defs(home), selection)
    sources = read_sources(home.path)
    shares = planned(
        [feature for _, feature in features()],
        home,
        categories,
        selected=[key.to_user_string() for key in chosen.partitioned],
        candidates={name: list_candidates(sources, name).lazy() for name in categories},
    )
    rows = pl.DataFrame(
        [asdict(share) for share in shares],
        schema={
            "asset": pl.String,
            "rows_to_compute": pl.Int64,
            "rows_reused": pl.Int64,
            "seconds": pl.Float64,
            "bound": pl.String,
        },
    )
    show(rows, format)


@app.command()
def status(category: Categories = None, format: OutputFormat = Format.table) -> None:
    """What every table holds: rows, failures, and whether the present settings made it.

    Example: internvid status --category sports
    """
    home = open_home()
    show(table_states(home, category or list(CATEGORIES)), format)


def table_states(home: Home, categories: Sequence[str]) -> pl.DataFrame:
    """One row per table of remembered calls: what the lake holds of it."""
    from internvid_assets.definitions import features

    states = []
    for _, feature in features():
        recipe = home.recipe(feature).hash
        versions = [home.lake.version(feature.name, category) for category in categories]
        written = [version for version in versions if version]
        tables = [
            home.lake.scan(feature.name, name) for name, version in zip(categories, versions, strict=True) if version
        ]
        failed = sum(table.select(pl.col("error").is_not_null().sum()).collect().item() for table in tables)
        states.append(
            {
                "asset": feature.name,
                "categories": len(written),
                "rows": sum(version.rows for version in written),
                "failed_rows": failed,
                "made_otherwise": sum(version.recipe != recipe for version in written),
                "recipe": recipe,
            }
        )
    return pl.DataFrame(states)


def chosen_categories(home: Home, asked: Sequence[str] | None) -> list[str]:
    """The categories asked for, or all that have a source or a table."""
    from internvid_assets.cli.runs import checked_categories
    from internvid_assets.videos.sources import read_sources

    if asked:
        return checked_categories(asked)
    offered = {source.category for source in read_sources(home.path)}
    return [name for name in CATEGORIES if name in offered or home.lake.version("candidate_videos", name)]
