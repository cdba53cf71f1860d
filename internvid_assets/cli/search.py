"""internvid search: clips by what they show, by their captions' words, or by what they look like."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer

from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.errors import UserError
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.options import refuse_bytes
from internvid_assets.cli.output import Format, show

if TYPE_CHECKING:
    import numpy as np

    from internvid_assets.embeddings.index import ClipIndex
    from internvid_assets.home import Home

SHOWN = "clip_id category start_seconds end_seconds caption similarity umt_score aesthetic_score source_uri".split()


class SearchFormat(StrEnum):
    """What `search` prints; html goes to a file."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"
    html = "html"


def finite(value: float | None) -> float | None:
    """Refuses nan and inf, which floats are made of as well."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is not a finite number")
    return value


def search(
    text: Annotated[
        str | None, typer.Argument(help="What the clips should show; their captions are searched too.")
    ] = None,
    like: Annotated[
        str | None, typer.Option(help="A clip_id, an image or a video that the clips should look like.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="A ViCLIP checkpoint whose vectors the index holds. Default: models.video_embedder."),
    ] = None,
    count: Annotated[int, typer.Option("-k", min=1, help="How many clips.")] = 10,
    category: Annotated[str | None, typer.Option("--category", "-c", help="Only this category.")] = None,
    min_umt: Annotated[float | None, typer.Option(help="Minimum umt_score.", callback=finite)] = None,
    min_aesthetic: Annotated[float | None, typer.Option(help="Minimum aesthetic_score.", callback=finite)] = None,
    min_duration: Annotated[float | None, typer.Option(help="Minimum duration in seconds.", callback=finite)] = None,
    format: Annotated[SearchFormat, typer.Option("--format", "-f", help="Output format.")] = SearchFormat.table,
    to: Annotated[Path | None, typer.Option(help="The file to write with --format html.")] = None,
) -> None:
    """Find the clips that best match a text, fusing two rankings: by video and by caption.

    With --like, find clips similar to a clip, image or video instead; a text then only searches the captions.

    Example: internvid search "a red ball bouncing" --category sports --min-umt 0.3
    """
    from internvid_assets.cli.runs import checked_categories
    from internvid_assets.embeddings import searching

    _refuse_contradictions(text, like, format, to)
    checked_categories([category] if category else [])
    chosen = _chosen(model)
    home = open_home(chosen)
    identity = home.models.specs["video_embedder"].identity
    index = _index_of(home, identity, chosen)
    filters = searching.Filters(category, min_duration, min_umt, min_aesthetic, other_than=like)
    vector = _likeness(home, index, like) if like else home.models.video_embedder.embed_texts([text or ""])[0]
    with index.naming_failures():
        found = searching.search(index, vector, count=count, words=text, filters=filters)
    searching.refuse_other_models(found, identity, chosen)
    hits = _with_sources(home, found)
    if to:
        _write_page(home, text or f"like {like}", hits, to)
    else:
        show(hits.select(SHOWN), Format(format))


def _index_of(home: Home, identity: tuple[str, str], chosen: list[str]) -> ClipIndex:
    """Raises UserError where there is none, or it holds another model's vectors: before any weights are loaded."""
    from internvid_assets.embeddings import searching
    from internvid_assets.embeddings.index import ClipIndex

    index = ClipIndex(home.path / "index")
    if not index.exists():
        raise UserError(f"there is no index in {index.directory}; {searching.way_out(chosen)}")
    with index.naming_failures():
        searching.refuse_other_models(index.first_rows(), identity, chosen)
    return index


def _refuse_contradictions(text: str | None, like: str | None, format: SearchFormat, to: Path | None) -> None:
    if not (text or "").strip() and not (like or "").strip():
        raise UserError(
            'nothing to search for: give a text, such as "a red ball", or --like with a clip_id, image or video'
        )
    refuse_bytes(text or "")
    if (to is None) == (format is SearchFormat.html):
        raise UserError("--format html and --to FILE go together: internvid search … --format html --to clips.html")


def _chosen(model: Path | None) -> list[str]:
    """What --model says, as settings would."""
    section = "models.video_embedder"
    return [f"{section}.adapter=viclip", f"{section}.name={model.absolute()}"] if model else []


def _likeness(home: Home, index: ClipIndex, like: str) -> np.ndarray:
    from internvid_assets.embeddings.likeness import vector_of_file
    from internvid_assets.embeddings.searching import vector_of

    if _is_file(like):
        with closing(LocalEngine(1, memory_bytes=home.settings.worker_memory_bytes)) as engine:
            return vector_of_file(Path(like), home.models.video_embedder, home.settings, engine)
    with index.naming_failures():
        vector = vector_of(index, like)
    if vector is None:
        raise UserError(
            f"--like {like[:200]}: neither a file nor the id of a clip in the index; for ids: select clip_id from clips"
        )
    return vector


def _is_file(like: str) -> bool:
    """Whether it names a file; a pipe, for one, would be waited for."""
    try:
        return Path(like).is_file()
    except OSError:  # too long for a name
        return False


def _with_sources(home: Home, found: pl.DataFrame) -> pl.DataFrame:
    videos = home.lake.scan_all("videos").select("video_id", "category", "source_uri")
    sources = videos.join(found.lazy(), on=["video_id", "category"], how="semi").collect()
    hits = found.join(sources, on=["video_id", "category"], how="left", maintain_order="left")
    return hits.with_columns(pl.col("similarity").round(4))


def _write_page(home: Home, title: str, hits: pl.DataFrame, to: Path) -> None:
    from internvid_assets.embeddings.contact_page import contact_page

    page = contact_page(title, hits, dict(_pictures(home, hits)))
    try:
        to.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UserError(f"--to {to} cannot be written ({error.strerror}); choose another file") from None
    print(f"{to}: {hits.height} clips")


def _pictures(home: Home, hits: pl.DataFrame) -> Iterator[tuple[str, list[bytes]]]:
    """(clip_id, JPEGs of its uniform frames) of every hit."""
    for (category,), clips in hits.group_by("category"):
        frames = home.lake.scan("clip_frames", str(category)).filter(pl.col("uniform_4").is_not_null())
        frames = frames.join(clips.lazy(), on="clip_id", how="semi").sort("clip_id", "uniform_4")
        hashes = frames.group_by("clip_id", maintain_order=True).agg("frame_hash").collect()
        for clip_id, of_clip in hashes.iter_rows():
            yield clip_id, home.frames(str(category)).read(of_clip)
