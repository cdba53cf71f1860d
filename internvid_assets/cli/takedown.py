"""internvid takedown: a video leaves everything, and stays away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import typer

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.options import OutputFormat
from internvid_assets.cli.output import Format, show

if TYPE_CHECKING:
    from internvid_assets.home import Home


FOUND = {"video_id": pl.String(), "place": pl.String(), "clips": pl.Int64()}


def takedown(
    video_ids: Annotated[list[str], typer.Argument(help="Video ids, as in the table videos or at the source.")],
    reason: Annotated[str, typer.Option(help="The reason, stored with each id.")] = "requested",
    format: OutputFormat = Format.table,
) -> None:
    """Take videos down: register them and their copies, and erase what was made from them.

    Calls, frames and fetched files are erased now; local files that are only referenced stay. Rows leave the tables
    when these are next materialised. No source brings the videos back.

    Prints where each video was used. A damaged release or checkpoint is reported but does not block the takedown.

    Example: internvid takedown dQw4w9WgXcQ --reason "the author asked"
    """
    from internvid_assets.definitions import features
    from internvid_assets.releases.erasing import copies_of, erase, mark, write_plan
    from internvid_assets.videos.takedowns import add_takedowns

    home = open_home()
    asked = list(dict.fromkeys(video_id.strip() for video_id in video_ids))
    if not all(asked):
        raise UserError("a video id is empty; nothing was taken down")
    videos = copies_of(home, asked)
    ids = videos["video_id"].unique().to_list()
    remembering = [feature for _, feature in features()]
    add_takedowns(home.path, videos.rows(), reason)
    found = pl.DataFrame([*_found(home, ids, _not_looked_into)], schema=FOUND)
    write_plan(home, ids, remembering)
    mark(home, next(feature for feature in remembering if feature.name == "videos"), ids)
    erased = erase(home, remembering)
    show(found.sort("video_id", "place"), format)
    if format is Format.table:
        calls = sum(erased.calls.values())
        print(f"erased: {calls:,} calls, {erased.pictures:,} frames, {erased.files:,} fetched files")
        print(
            "next: internvid materialize, which removes them from every table; releases and checkpoints never change: "
            "publish and train new ones"
        )


def _not_looked_into(problem: str) -> None:
    typer.echo(f"internvid: taken down, but this could not be searched for it: {problem}", err=True)


def _found(home: Home, ids: Collection[str], problem: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """Where each video was, with the clips it had there: categories, subsets, releases, checkpoints, evaluations."""
    from internvid_assets import tables
    from internvid_assets.evaluation.made_of import evaluations_of
    from internvid_assets.releases.shelf import releases_with
    from internvid_assets.selects.files import sql_files
    from internvid_assets.viclip.trained_on import checkpoints_with

    for category in tables.CATEGORIES:
        yield from _counted(home.lake.scan("clips", category), ids, f"clips of {category}")
    for file in sql_files("subsets"):
        if home.lake.paths(file.name):
            yield from _counted(home.lake.scan(file.name, schema=tables.ChosenClips), ids, f"subset {file.name}")
    for release, subset, video_id, count in releases_with(home.path, ids, problem, home.settings.memory_limit):
        yield {"video_id": video_id, "place": f"release {release}, {subset}", "clips": count}
    folder = home.path / "checkpoints"
    trained = list(checkpoints_with(folder, ids, problem))
    for checkpoint, video_id, count in trained:
        yield {"video_id": video_id, "place": f"checkpoint {checkpoint}", "clips": count}
    for path, table, _, _ in evaluations_of(home.lake, {folder / checkpoint for checkpoint, _, _ in trained}):
        place = f"{table} of checkpoint {path.relative_to(folder)}"
        yield from ({"video_id": v, "place": place, "clips": n} for name, v, n in trained if folder / name == path)


def _counted(rows: pl.LazyFrame, ids: Collection[str], place: str) -> list[dict[str, Any]]:
    named = rows.filter(pl.col("video_id").is_in(list(ids)) & pl.col("clip_id").is_not_null())
    counted = named.group_by("video_id").agg(clips=pl.len().cast(pl.Int64))
    return counted.with_columns(place=pl.lit(place)).collect().to_dicts()
