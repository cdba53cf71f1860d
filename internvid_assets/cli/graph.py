"""Commands on the graph: materialize, plan, status."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import typer

from internvid_assets.cli.environment import open_home
from internvid_assets.cli.options import Categories, OutputFormat, Overrides, Selection
from internvid_assets.cli.output import Format, show
from internvid_assets.cli.progress import FillProgress
from internvid_assets.home import Home
from internvid_assets.tables import CATEGORIES

if TYPE_CHECKING:
    from internvid_assets.cells.feature import Feature


def materialize(
    selection: Selection = "*",
    category: Categories = None,
    set_: Overrides = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Make at most this many calls per asset and category; an asset with calls left keeps its old table.",
        ),
    ] = None,
    retry_quarantined: Annotated[
        bool, typer.Option("--retry-quarantined", help="Retry calls that failed permanently.")
    ] = False,
) -> None:
    """Compute what is missing, in this process. Every run is recorded, and shown in the UI.

    After an interruption, the same command resumes where it stopped.

    A release, a ViCLIP checkpoint or an evaluation is made only if the selection names it or its group: `*`,
    `key:clips+` and what follows `not` name none.

    Exit code 1 when a step or a blocking check failed.

    Failed rows are reported by error code. They are rows of the table, so the exit code stays 0.

    Example: internvid materialize '+key:clips' --category sports --set clips.threshold=30
    """
    from internvid_assets.cli import runs

    with FillProgress() as progress:
        home = open_home(set_ or (), progress.of)
        categories = chosen_categories(home, category)
        results = runs.materialize(
            home,
            selection=selection,
            categories=categories,
            limit=limit,
            retry_quarantined=retry_quarantined,
            say=progress.say,
        )
    results.report()
    done = f"at most {limit} calls each; an asset with calls left keeps its old table" if limit else "up to date"
    print(f"{selection}: {done}; {', '.join(categories) or 'no category has videos yet: ingest something first'}")


def plan(
    selection: Selection = "*", category: Categories = None, set_: Overrides = None, format: OutputFormat = Format.table
) -> None:
    """Show what materialize would compute: rows, and about how long. Changes nothing.

    A row is one call, for one upstream row. The first changed asset is counted "exactly".

    Assets downstream of it are "at most": a row is computed again only if a value that it reads changes.

    "about" is an estimate from existing rows, such as for the clips of a video that is not cut yet.

    For checkpoints and evaluations, which the selection has to name, one row means one subset.

    Listings and selects (candidate_videos, action_queries, subsets, marts …) take seconds and are left out.

    Example: internvid plan --set fused_captions.max_frame_captions=8
    """
    from internvid_assets.cells.plan import plan as planned
    from internvid_assets.cli import runs
    from internvid_assets.cli.staleness import planned_whole
    from internvid_assets.definitions import build_defs, features

    home = open_home(set_ or ())
    categories, defs = chosen_categories(home, category), build_defs(home)
    keys = runs.select(defs, selection).all()
    selected = {key.to_user_string() for key in keys}
    shares = planned(
        [feature for _, feature in features()],
        home,
        categories,
        selected=selected,
        listed={key: rows for key, rows in listings(home, categories) if key[0] in selected},
    )
    columns = {"asset": pl.String, "rows_to_compute": pl.Int64, "rows_reused": pl.Int64, "seconds": pl.Float64}
    lines = [asdict(share) for share in [*shares, *planned_whole(home, defs, keys)]]
    show(pl.DataFrame(lines, schema={**columns, "bound": pl.String}), format)


def listings(home: Home, categories: Sequence[str]) -> Iterator[tuple[tuple[str, str | None], pl.LazyFrame]]:
    """((table, category), rows) of each listing, as a run would find it now."""
    from internvid_assets.queries.corpora import list_captions
    from internvid_assets.queries.merging import merged_queries
    from internvid_assets.videos.candidates import list_candidates, to_be_spared
    from internvid_assets.videos.listings import open_listings
    from internvid_assets.videos.sources import read_sources

    yield ("corpus_captions", None), list_captions(home.settings.queries.caption_files).lazy()
    phrases = home.lake.scan("caption_phrases")
    yield ("action_queries", None), merged_queries(home.settings.queries, phrases).lazy()
    sources, remembered = read_sources(home.path), open_listings(home, is_offline=True)
    known = to_be_spared(home)
    offered = ((name, list_candidates(sources, name, remembered, known)) for name in categories)
    yield from ((("candidate_videos", name), rows.lazy()) for name, rows in offered)


def status(category: Categories = None, format: OutputFormat = Format.table) -> None:
    """Show what each table holds: rows, failures, and whether it was made with the current settings.

    made_otherwise counts categories made with another recipe or filtered by other thresholds.

    pending_rows still need a call: they are new, changed, or failed temporarily.

    Example: internvid status --category sports
    """
    from internvid_assets.cli.runs import checked_categories

    home = open_home()
    show(table_states(home, checked_categories(category or CATEGORIES)), format)


def table_states(home: Home, categories: Sequence[str]) -> pl.DataFrame:
    """One row per table of remembered calls: what the lake holds of it."""
    from internvid_assets.definitions import features

    return pl.DataFrame([table_state(feature, home, categories) for _, feature in features()])


def table_state(feature: Feature, home: Home, categories: Sequence[str]) -> dict[str, Any]:
    from internvid_assets.cells.plan import pending_rows

    recipe = home.recipe(feature).hash
    own: Sequence[str | None] = categories if feature.is_partitioned else [None]
    found = {name: home.lake.version(feature.name, name) for name in own}
    written = {name: version for name, version in found.items() if version}
    failed = [home.lake.scan(feature.name, name).select(pl.col("error").count()) for name in written]
    otherwise = [v.recipe != recipe or is_judged_otherwise(feature, home, name) for name, v in written.items()]
    return {
        "asset": feature.name,
        "categories": len(written),
        "rows": sum(version.rows for version in written.values()),
        "failed_rows": sum(count.item() for count in pl.collect_all(failed)),
        "pending_rows": pending_rows(feature, home, own),
        "made_otherwise": sum(otherwise),
        "recipe": recipe,
    }


def is_judged_otherwise(feature: Feature, home: Home, category: str | None) -> bool:
    """Whether the present thresholds would judge a row of the table differently."""
    from internvid_assets.cells.plan import as_judged_now

    if not feature.derived:
        return False
    stored, now = home.lake.scan(feature.name, category), as_judged_now(feature, home, category)
    return not stored.select(feature.derived).collect().equals(now.select(feature.derived).collect())


def chosen_categories(home: Home, asked: Sequence[str] | None) -> list[str]:
    """The categories asked for, or all that have a source or a table."""
    from internvid_assets.cli.runs import checked_categories
    from internvid_assets.videos.candidates import categories_offered
    from internvid_assets.videos.listings import open_listings
    from internvid_assets.videos.sources import read_sources

    if asked:
        return checked_categories(asked)
    offered = categories_offered(read_sources(home.path), open_listings(home, is_offline=True))
    return [name for name in CATEGORIES if name in offered or home.lake.version("candidate_videos", name)]
