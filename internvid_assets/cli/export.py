"""internvid export: datasets in other people's formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.fill import Progress
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.exported_rows import Pictures, batches, imported_query, subset_query
from internvid_assets.cli.progress import FillProgress
from internvid_assets.formats.catalogue import FORMATS, Format, named, write
from internvid_assets.formats.written import aside
from internvid_assets.selects.files import subset_names

if TYPE_CHECKING:
    from internvid_assets.home import Home


def export(
    subset: Annotated[str, typer.Argument(help="A subset, `captioned_clips` for all clips, or an imported dataset.")],
    format: Annotated[str, typer.Option(help=f"The format to write: {', '.join(FORMATS)}.")],
    to: Annotated[Path, typer.Option(help="The file or folder to write; a folder must be new or empty.")],
    pictures: Annotated[
        Pictures | None, typer.Option(help="What a WebDataset holds beside the text. Default: clips.")
    ] = None,
) -> None:
    """Write a dataset in a format that other programs read. It appears complete or not at all.

    The video files that sharegpt4video, vild, lvdr and viclip refer to are written by `internvid export-clips`.

    Exit code 1 when the pictures of a clip could not be read: a WebDataset then lacks that clip.

    Example: internvid export internvid_10m_flt --format internvid --to flt.jsonl
    """
    home, chosen = open_home(), named(format)
    is_imported = _is_imported(subset, home)
    if not is_imported:
        _refuse_subset(subset, chosen, home)
    beside = _beside(pictures, chosen, is_imported)
    query = imported_query(subset, chosen) if is_imported else subset_query(subset, chosen, beside)
    _refuse_incomplete(query, subset, home)
    failures: list[str] = []
    count = _write(query, subset, chosen, beside, to, home, failures)
    for failure in failures:
        typer.echo(f"internvid: {failure}", err=True)
    print(f"{to}: {count - len(failures):,} clips of {subset} ({chosen.name})")
    if failures:
        raise typer.Exit(1)


def _is_imported(name: str, home: Home) -> bool:
    """Whether it is an imported dataset, not a subset; raises UserError for neither, and for one never made."""
    subsets = ["captioned_clips", *subset_names()]
    if name in subsets:
        if not home.lake.paths(name):
            raise UserError(f"{name} has not been made yet; run: internvid materialize +key:{name}")
        return False
    datasets = home.lake.datasets()
    if name not in datasets:
        known = ", ".join([*subsets, *datasets])
        raise UserError(f"{name}: no subset or imported dataset of that name; there are: {known}")
    return True


def _refuse_subset(subset: str, format: Format, home: Home) -> None:
    """Raises UserError where a clip was taken down, or the format needs more than a subset has."""
    from internvid_assets.videos.takedowns import refuse_taken_down

    refuse_taken_down(home.path, subset, pl.scan_parquet(home.lake.paths(subset)).select("video_id"))
    if format.name == "lvdr":
        raise UserError(
            "--format lvdr: expected several captions per clip, from true to false; a subset has one; try vild"
        )


def _beside(pictures: Pictures | None, format: Format, is_imported: bool) -> Pictures:
    """What is written beside the text; raises UserError where there can be text only."""
    if format.name == "webdataset" and not is_imported:
        return pictures or Pictures.clips
    if pictures not in (None, Pictures.none):
        reason = "an imported dataset has text only" if is_imported else f"{format.name} holds text only"
        raise UserError(f"--pictures {pictures}: {reason}; leave the option out")
    return Pictures.none


def _refuse_incomplete(query: str, subset: str, home: Home) -> None:
    """Raises RunStopped where a file of a table lacks a column that the query reads."""
    from internvid_assets.selects.lineage import tables_read
    from internvid_assets.selects.making import paths_for, refuse_incomplete

    for table in tables_read(query):
        refuse_incomplete(table, paths_for(home, table, subset))


def _write(query: str, subset: str, format: Format, beside: Pictures, to: Path, home: Home, failures: list[str]) -> int:
    """How many rows the query gave. A clip whose pictures cannot be read is left out and added to `failures`."""
    from internvid_assets.analytics.warehouse import open_lake
    from internvid_assets.cli.webdataset_samples import samples
    from internvid_assets.formats.webdataset import write_samples

    counts: Counter[str] = Counter()
    with (
        FillProgress() as progress,
        open_lake(home.path, paths=home.lake.paths, memory_limit=home.settings.memory_limit) as connection,
    ):
        rows = _counted(batches(connection, query), counts, progress.on(f"exporting {subset}", "clips"))
        if beside is Pictures.none:
            write(rows, to, format)
        else:
            with aside(to) as unfinished:
                write_samples(samples(rows, home, beside, failures.append), unfinished)
    return counts["clips"]


def _counted(batches: Iterator[pl.DataFrame], counts: Counter[str], report: Progress) -> Iterator[pl.DataFrame]:
    for batch in batches:
        counts["clips"] += batch.height
        report(counts["clips"], counts["clips"])
        yield batch
