"""internvid export and import: datasets to and from other people's formats."""

from __future__ import annotations

import shlex
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
from internvid_assets.formats.catalogue import FORMATS, Format, detected, named, write
from internvid_assets.formats.written import aside
from internvid_assets.selects.files import subset_names

if TYPE_CHECKING:
    from internvid_assets.home import Home

NAMES = ", ".join(FORMATS)


def import_(
    path: Annotated[Path, typer.Argument(help="A file, or a folder of files: JSON, csv, Parquet, tar or Lance.")],
    format: Annotated[
        str | None, typer.Option(help=f"Whose keys it has: {NAMES}. Default: what its first record tells.")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="The name to keep it under. Default: the file's.")] = None,
) -> None:
    """Make other people's annotations rows of `imported_clips`: asked in SQL at once, beside one's own.

    A line that names no clip is a row with a reason. Importing under the same name again replaces all of its rows.

    Example: internvid import InternVid-10M-flt.jsonl
    """
    from internvid_assets.cells.lease import lease
    from internvid_assets.formats.importing import TABLE, dataset_name, import_dataset

    if not path.exists():
        raise UserError(f"{path}: no such file or folder; nothing was imported")
    home, name = open_home(), dataset_name(path, dataset)
    _refuse_ambiguous(name)
    chosen = named(format) if format else detected(path)
    with FillProgress() as progress, lease(home.path, TABLE, name, holder="internvid import"):
        told = progress.on(f"importing {name}", "rows")
        counts = import_dataset(path, chosen, name, home.store, lambda rows: told(rows, rows))
    print(f"{path} ({chosen.name}): {counts[None]:,} clips of the dataset {name}{_rejected(counts)}")
    question = f"select * from {TABLE} where dataset = '{name}' limit 10"
    print(f"next: internvid sql {shlex.quote(question)}")


def _rejected(counts: Counter[str | None]) -> str:
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in counts.most_common() if reason)
    return f"; rejected lines: {reasons}" if reasons else ""


def _refuse_ambiguous(name: str) -> None:
    """`internvid export` takes both."""
    if name in ("captioned_clips", *subset_names()):
        raise UserError(f"--dataset {name}: a subset has that name; give another")


def export(
    subset: Annotated[str, typer.Argument(help="A subset, `captioned_clips` for all clips, or an imported dataset.")],
    format: Annotated[str, typer.Option(help=f"Whose keys and layout to write: {NAMES}.")],
    to: Annotated[Path, typer.Option(help="The file to write, or the folder, which has to be new or empty.")],
    pictures: Annotated[
        Pictures | None, typer.Option(help="What goes into a WebDataset beside the text. Default: clips.")
    ] = None,
) -> None:
    """Write a dataset in a format that other programs read. It appears whole or not at all.

    sharegpt4video, vild, lvdr and viclip name video files: those that `internvid export-clips` writes. Exit code 1 when
    a clip's pictures could not be had, which leaves it out of a WebDataset.

    Example: internvid export internvid_10m_flt --format internvid --to flt.jsonl
    """
    from internvid_assets.analytics.warehouse import open_lake
    from internvid_assets.cli.samples import samples
    from internvid_assets.formats.webdataset import write_samples
    from internvid_assets.selects.lineage import tables_read
    from internvid_assets.selects.making import paths_for, refuse_incomplete
    from internvid_assets.videos.takedowns import refuse_taken_down

    home, chosen = open_home(), named(format)
    is_imported = _is_imported(subset, home)
    if not is_imported:
        refuse_taken_down(home.path, subset, pl.scan_parquet(home.lake.paths(subset)).select("video_id"))
    if chosen.name == "lvdr" and not is_imported:
        raise UserError("--format lvdr: its captions grow falser one by one, and a subset's clips have one; try vild")
    beside = _beside(pictures, chosen, is_imported)
    query = imported_query(subset, chosen) if is_imported else subset_query(subset, chosen, beside)
    for table in tables_read(query):
        refuse_incomplete(table, paths_for(home, table, subset))
    written: Counter[str] = Counter()
    failures: list[str] = []
    with (
        FillProgress() as progress,
        open_lake(home.path, paths=home.lake.paths, memory_limit=home.settings.memory_limit) as connection,
    ):
        rows = _counted(batches(connection, query), written, progress.on(f"exporting {subset}", "clips"))
        if beside is Pictures.none:
            write(rows, to, chosen)
        else:
            with aside(to) as unfinished:
                write_samples(samples(rows, home, beside, failures.append), unfinished)
    for failure in failures:
        typer.echo(f"internvid: {failure}", err=True)
    print(f"{to}: {written['clips'] - len(failures):,} clips of {subset} ({chosen.name})")
    if failures:
        raise typer.Exit(1)


def _is_imported(name: str, home: Home) -> bool:
    """Whether it is an imported dataset, not a subset; raises UserError for neither, and for one never made."""
    subsets = ["captioned_clips", *subset_names()]
    if name in subsets:
        if not home.lake.paths(name):
            raise UserError(f"{name} was never made: internvid materialize +key:{name}")
        return False
    datasets = home.lake.datasets()
    if name not in datasets:
        raise UserError(f"no subset and no imported dataset {name}; there are: {', '.join([*subsets, *datasets])}")
    return True


def _beside(pictures: Pictures | None, format: Format, is_imported: bool) -> Pictures:
    if format.name != "webdataset" or is_imported:
        if pictures not in (None, Pictures.none):
            told = "of an imported dataset there is only text" if is_imported else f"{format.name} holds text only"
            raise UserError(f"--pictures {pictures}: {told}; leave it out")
        return Pictures.none
    return pictures or Pictures.clips


def _counted(batches: Iterator[pl.DataFrame], written: Counter[str], told: Progress) -> Iterator[pl.DataFrame]:
    for batch in batches:
        written["clips"] += batch.height
        told(written["clips"], written["clips"])
        yield batch
