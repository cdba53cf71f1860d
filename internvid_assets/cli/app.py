"""The program `internvid` and its commands."""

from __future__ import annotations

import typer

from internvid_assets.cli import (
    blast_radius,
    caption,
    classify,
    data,
    demo,
    doctor,
    exchange,
    export,
    export_model,
    graph,
    ingest,
    interleaved,
    recipes,
    releases,
    report,
    search,
    server,
    takedown,
)

app = typer.Typer(
    name="internvid",
    help="Raw videos in; video-text datasets, and SQL answers about them, out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

# In the order of `internvid --help`, which lists a group of commands last.
for command in (
    demo.demo,
    ingest.ingest,
    data.sql,
    search.search,
    report.report,
    caption.caption,
    caption.recaption,
    classify.classify,
    data.sample_world,
    graph.materialize,
    graph.plan,
    graph.status,
    exchange.export,
    exchange.import_,
    export.export_clips,
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
