"""Commands that answer questions: sql, search; and sample-world, which makes something to ask about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.options import OutputFormat
from internvid_assets.cli.output import Format, show
from internvid_assets.cli.progress import FillProgress

if TYPE_CHECKING:
    from internvid_assets.embeddings.index import ClipIndex


def sql(
    query: Annotated[str, typer.Argument(help='A query over the tables, such as "select count(*) from clips".')],
    format: OutputFormat = Format.table,
) -> None:
    """Ask the dataset in DuckDB's SQL; every table is seen as it is at this moment.

    Example: internvid sql "select category, count(*) from clips group by all" --format csv
    """
    import duckdb

    from internvid_assets.analytics.warehouse import open_lake
    from internvid_assets.selects.files import fetch

    home = open_home()
    with open_lake(home.path, paths=home.lake.paths, memory_limit=home.settings.memory_limit) as connection:
        try:
            rows = fetch(connection, query)
        except duckdb.Error as error:
            raise UserError(" ".join(str(error).split())[:500]) from None
    show(rows, format)


def search(
    text: Annotated[str, typer.Argument(help="What the clips should show.")],
    count: Annotated[int, typer.Option("-k", min=1, help="How many clips.")] = 10,
    category: Annotated[str | None, typer.Option("--category", "-c", help="Only this category.")] = None,
    format: OutputFormat = Format.table,
) -> None:
    """The clips whose pictures are nearest to a text, best first.

    Example: internvid search "a red ball moves left" -k 5
    """
    from internvid_assets.cli.runs import checked_categories
    from internvid_assets.embeddings.index import ClipIndex

    where = f"category = '{checked_categories([category])[0]}'" if category else None
    home = open_home()
    index = ClipIndex(home.path / "index")
    if not index.exists():
        raise UserError(f"there is no index in {index.directory}; run: internvid materialize '+key:clip_index'")
    vector = home.models.embedder.embed_texts([text])[0].tolist()
    found = nearest(index, vector, count=count, where=where)
    sources = home.lake.scan_all("videos").select("video_id", "source_uri").collect()
    found = found.join(sources, on="video_id", how="left", maintain_order="left").drop("video_id")
    show(found.with_columns(pl.col("similarity").round(4)), format)


def nearest(index: ClipIndex, vector: list[float], *, count: int, where: str | None) -> pl.DataFrame:
    """Lance refuses a vector of another length: the index was made with another embedder."""
    try:
        return index.search(vector, count=count, where=where)
    except (RuntimeError, ValueError) as error:
        told = str(error).splitlines()[0]
        raise UserError(f"the index cannot be searched ({told}); internvid materialize '+key:clip_index'") from None


def sample_world(
    to: Annotated[Path, typer.Option(help="The folder to make it in.")],
    videos: Annotated[int, typer.Option(min=1, help="How many videos.")] = 48,
    seed: Annotated[int, typer.Option(help="Equal seeds make equal files.")] = 0,
) -> None:
    """Render a small world of videos with known truth: real encoded files, subtitles, metadata, truth.jsonl.

    Example: internvid sample-world --videos 48 --to ./world
    """
    from internvid_assets.sample_world.world import generate

    with FillProgress() as progress:
        summary = generate(videos=videos, seed=seed, to=to, progress=progress.on("rendering", "videos"))
    print(f"{to}: {summary.videos} videos, {summary.video_seconds:.0f} s, {summary.size_bytes / 2**20:.1f} MiB", end="")
    print(f"; {summary.rendered_videos} rendered in {summary.wall_seconds:.0f} s")
    print(f"next: internvid ingest {to} --category other")
