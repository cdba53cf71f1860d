"""internvid export-interleaved: sequences of clips and texts as files that any other program reads."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.environment import open_home
from internvid_assets.home import Home
from internvid_assets.tables import INTERLEAVED_FORMATS

TABLE = "internvid_icl"


class FileFormat(StrEnum):
    jsonl = "jsonl"
    parquet = "parquet"
    webdataset = "webdataset"
    html = "html"


def export_interleaved(
    to: Annotated[Path, typer.Option(help="The folder to write into.")],
    format: Annotated[FileFormat, typer.Option("--format", "-f", help="File format.")] = FileFormat.jsonl,
    icl_format: Annotated[
        list[str] | None,
        typer.Option(help=f"One of {', '.join(INTERLEAVED_FORMATS)}; repeatable. Default: all that were made."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Write at most this many sequences per format.")] = None,
) -> None:
    """Write the interleaved sequences: one file per sequence format, or one folder of shards for webdataset.

    webdataset and html contain the clips' frames; jsonl and parquet refer to them by hash.

    Existing output is replaced once the new output is complete.

    Example: internvid export-interleaved --format webdataset --icl-format paired --to ./icl
    """
    from internvid_assets.videos.takedowns import refuse_taken_down

    home = open_home()
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--to {to} cannot be created ({error.strerror}); choose another folder") from None
    for name in _made(home, icl_format or ()):
        rows = home.lake.scan(TABLE, name)
        refuse_taken_down(home.path, TABLE, rows.select(pl.col("video_ids").explode()))
        written = _write(rows.head(limit) if limit else rows, format, home, to / f"{TABLE}_{name}")
        print(f"{written[0]}: {written[1]} sequences")


def _made(home: Home, asked: Sequence[str]) -> list[str]:
    """The formats asked for, or all, as far as they were made; raises UserError for one that was not."""
    for name in asked:
        if name not in INTERLEAVED_FORMATS:
            raise UserError(f"--icl-format {name}: expected one of {', '.join(INTERLEAVED_FORMATS)}")
    made = [name for name in INTERLEAVED_FORMATS if home.lake.version(TABLE, name)]
    absent = [name for name in asked if name not in made]
    if absent or not made:
        raise UserError(f"{TABLE} has no {' or '.join(absent) or 'format'} yet; run: internvid materialize key:{TABLE}")
    return list(asked) or made


def _write(rows: pl.LazyFrame, format: FileFormat, home: Home, stem: Path) -> tuple[Path, int]:
    """Where it went, and how many sequences it holds."""
    from internvid_assets.interleaved import writing
    from internvid_assets.interleaved.records import batches
    from internvid_assets.interleaved.sequences import SCHEMA

    to = stem if format is FileFormat.webdataset else stem.with_suffix(f".{format.value}")
    if format is FileFormat.parquet:
        return to, writing.write_parquet(rows.collect_batches(chunk_size=512, maintain_order=True), SCHEMA, to)
    if format is FileFormat.jsonl:
        return to, writing.write_jsonl(batches(rows), to)
    write = writing.write_webdataset if format is FileFormat.webdataset else writing.write_html
    return to, write(batches(rows), home.frames, to)
