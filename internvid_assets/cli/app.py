"""The program `internvid` and its commands."""

from __future__ import annotations

import typer

from internvid_assets.cli import caption, data, demo, doctor, export, graph, ingest, recipes, releases, search, server

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
    caption.caption,
    caption.recaption,
    data.sample_world,
    graph.materialize,
    graph.plan,
    graph.status,
    export.export_clips,
    releases.releases,
    releases.diff,
    server.dev,
    server.backfill,
    doctor.doctor,
):
    app.command()(command)
app.add_typer(recipes.recipes, name="recipes")
