"""internvid import: datasets in other people's formats become rows of `imported_clips`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.progress import FillProgress
from internvid_assets.formats.catalogue import FORMATS, detected, named
from internvid_assets.selects.files import subset_names


def import_(
    path: Annotated[Path, typer.Argument(help="A file, or a folder of files: JSON, CSV, Parquet, tar or Lance.")],
    format: Annotated[
        str | None, typer.Option(help=f"Its format: {', '.join(FORMATS)}. Default: detected from its first record.")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Name of the dataset. Default: the file's name.")] = None,
) -> None:
    """Import a dataset in another format as rows of `imported_clips`, to query beside your own tables.

    A line that names no clip becomes a row with a reason. Importing under the same name again replaces all its rows.

    Example: internvid import InternVid-10M-flt.jsonl
    """
    from internvid_assets.cells.lease import lease
    from internvid_assets.formats.importing import TABLE, dataset_name, import_dataset, rejections

    if not path.exists():
        raise UserError(f"{path}: no such file or folder; nothing was imported")
    home, name = open_home(), dataset_name(path, dataset)
    _refuse_ambiguous(name)
    chosen = named(format) if format else detected(path)
    with FillProgress() as progress, lease(home.path, TABLE, name, holder="internvid import"):
        report = progress.on(f"importing {name}", "rows")
        counts = import_dataset(path, chosen, name, home.store, lambda rows: report(rows, rows))
    rejected = f"; rejected lines: {rejections(counts)}" if rejections(counts) else ""
    print(f"{path} ({chosen.name}): {counts[None]:,} clips of the dataset {name}{rejected}")
    question = f"select * from {TABLE} where dataset = '{name}' limit 10"
    print(f"next: internvid sql {shlex.quote(question)}")


def _refuse_ambiguous(name: str) -> None:
    """`internvid export` takes both."""
    if name in ("captioned_clips", *subset_names()):
        raise UserError(f"--dataset {name}: a subset has that name; choose another")
