"""The program `internvid` and its commands."""

from __future__ import annotations

import typer

from internvid_assets.cli import (
    blast_radius,
    caption,
    classify,
    demo,
    doctor,
    export,
    export_clips,
    export_model,
    graph,
    import_,
    ingest,
    interleaved,
    recipes,
    releases,
    report,
    sample_world,
    search,
    server,
    sql,
    takedown,
)

app = typer.Typer(
    name="internvid",
    help="Turn raw videos into video-text datasets, and query them in SQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

# In the order of `internvid --help`, which lists a group of commands last.
for command in (
    demo.demo,
    ingest.ingest,
    sql.sql,
    search.search,
    report.report,
    caption.caption,
    caption.recaption,
    classify.classify,
    sample_world.sample_world,
    graph.materialize,
    graph.plan,
    graph.status,
    export.export,
    import_.import_,
    export_clips.export_clips,
    export_model.export_model,
    interleaved.export_interleaved,
    releases.releases,
    releases.diff,
    takedown.takedown,
    blast_radius.blast_radius,
    server.dev,
    server.backfill,
    doctor.doctor,
):
    app.command(command.__name__.rstrip("_").replace("_", "-"))(command)
app.add_typer(recipes.recipes, name="recipes")
