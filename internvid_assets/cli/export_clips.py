"""internvid export-clips: the clips of a subset as files that any other program reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import typer

from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.errors import CallError, UserError
from internvid_assets.cli.environment import open_home
from internvid_assets.home import Home
from internvid_assets.settings import Settings

if TYPE_CHECKING:
    from internvid_assets.clips.export import Exported, How


def export_clips(
    subset: Annotated[str, typer.Argument(help="A table with clip_id: a subset, or `clips` for all kept clips.")],
    to: Annotated[Path, typer.Option(help="The folder to write into.")],
    copy: Annotated[
        bool, typer.Option("--copy/--encode", help="Copy the streams: fast, but clips grow outwards to keyframes.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Write at most this many clips.")] = None,
) -> None:
    """Write each clip as a video file with a JSON beside it. Encoded clips are cut at the exact frames.

    Clips already there are kept, so an interrupted export resumes. Exit code 1 when a clip failed.

    Example: internvid export-clips internvid_10m_flt --to ./clips --limit 100
    """
    home = open_home()
    rows = _chosen(home, subset, limit)
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--to {to} cannot be created ({error.strerror}); choose another folder") from None
    failures = list(_export(rows, home, to, how="copy" if copy else "encode"))
    for failure in failures:
        typer.echo(f"internvid: {failure}", err=True)
    print(f"{to}: {rows.height - len(failures)} clips of {subset}")
    if failures:
        raise typer.Exit(1)


def _chosen(home: Home, subset: str, limit: int | None) -> pl.DataFrame:
    """The clips of `subset` with where they lie and what is known of them."""
    from internvid_assets.analytics.warehouse import open_lake
    from internvid_assets.selects.lineage import tables_read
    from internvid_assets.selects.making import refuse_incomplete
    from internvid_assets.selects.running import fetch
    from internvid_assets.videos.takedowns import refuse_taken_down

    query = f"""
        select clips.clip_id, clips.video_id, clips.category, videos.source_uri, videos.media_uri, clips.start_pts,
               clips.end_pts, clips.time_base, clips.start_seconds, clips.end_seconds, fused_captions.caption,
               aesthetic_score, umt_score
        from (select distinct clip_id, category from "{subset}") as chosen
        join clips using (clip_id, category) join videos using (video_id, category)
        left join fused_captions using (clip_id, category)
        left join aesthetic_scores using (clip_id, category) left join umt_scores using (clip_id, category)
        where clips.rejection_reason is null
        order by clips.category, clips.video_id, clips.start_pts limit {limit or "all"}"""
    with open_lake(home.path, paths=home.lake.paths, memory_limit=home.settings.memory_limit) as connection:
        try:
            rows = fetch(connection, query)
        except Exception as error:
            reason = " ".join(str(error).split())[:200]
            raise UserError(
                f"{subset} cannot be exported: expected a table with clip_id and category ({reason})"
            ) from None
    for table in tables_read(query):
        refuse_incomplete(table, home.lake.paths(table))
    refuse_taken_down(home.path, subset, rows.lazy().select("video_id"))
    return rows


def _export(rows: pl.DataFrame, home: Home, to: Path, *, how: How) -> Iterator[str]:
    """Make the clips that are not there yet, each with its JSON. Yields what went wrong."""
    missing = [row for row in rows.iter_rows(named=True) if not _json_path(to, row).exists()]
    settings = home.settings
    with closing(LocalEngine(settings.workers, memory_bytes=settings.worker_memory_bytes)) as engine:
        for row, done in exported(missing, settings, engine, to, how=how):
            if isinstance(done, CallError):
                yield f"{row['clip_id']}: {done}"
            else:
                _write_json(row, done, _json_path(to, row), how)


def exported(
    rows: Sequence[dict[str, Any]], settings: Settings, engine: LocalEngine, to: Path, *, how: How
) -> Iterator[tuple[dict[str, Any], Exported | CallError]]:
    """Each row's clip as a file in the folder `to`, made in worker processes, since their videos are strangers' files.

    In the order in which they are done.
    """
    from internvid_assets.clips.export import export_clip

    calls = [
        {
            "source_uri": settings.place(row["media_uri"]),
            "stem": to / row["clip_id"],
            "start_pts": row["start_pts"],
            "end_pts": row["end_pts"],
            "how": how,
            "max_pixels": settings.videos.max_pixels,
        }
        for row in rows
    ]
    for number, done in engine.as_answered(export_clip, calls, timeout_seconds=settings.clips.timeout_seconds):
        yield rows[number], done


def _json_path(to: Path, row: dict[str, Any]) -> Path:
    """The JSON beside a clip, written last: where it is, both are."""
    return to / f"{row['clip_id']}.json"


def _write_json(row: dict[str, Any], done: Exported, path: Path, how: How) -> None:
    known = {name: value for name, value in row.items() if name != "media_uri"}
    moved = {"earlier_seconds": done.earlier_seconds, "later_seconds": done.later_seconds}
    aside = path.with_suffix(".unfinished")
    aside.write_text(json.dumps({**known, "file": done.path.name, "how": how, **moved}, ensure_ascii=False, indent=1))
    aside.replace(path)
