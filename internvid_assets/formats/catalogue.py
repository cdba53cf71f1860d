"""The formats, in one table: what their records are, which columns of a row they hold, who reads and writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from internvid_assets.cells.errors import UserError
from internvid_assets.formats import (
    huggingface,
    internvid,
    lance,
    panda70m,
    sharegpt4video,
    viclip,
    videoclip_xl,
    webdataset,
)
from internvid_assets.formats.reading import keys, lies_in, records
from internvid_assets.formats.rows import CONTENT, completed, judged
from internvid_assets.formats.written import aside

_SPAN = ("video_id", "start_seconds", "end_seconds", "caption")


@dataclass(frozen=True)
class Format:
    """How other people hand clips and captions around."""

    name: str
    about: str
    wanted: pl.Schema
    """The keys of a record; others are passed over."""
    needs: frozenset[str]
    """Keys by which the format is known."""
    holds: tuple[str, ...]
    """The columns of a row that survive being written and read back; times to the millisecond."""
    one_is: Literal["span", "file"]
    """Whether a record speaks of a span of a source video, or of a file of its own."""
    rows: Callable[[pl.DataFrame], pl.DataFrame]
    write: Callable[[Iterator[pl.DataFrame], Path], None]
    ending: str = ""
    """Of its files' names, where its keys are not its own."""


_OURS = frozenset({"caption", "start_seconds", "end_seconds"})

FORMATS = {
    one.name: one
    for one in (
        Format(
            name="internvid",
            about="InternVid's released annotations, a clip a line",
            wanted=internvid.WANTED,
            needs=frozenset({"YoutubeID", "Start_timestamp", "End_timestamp", "Caption"}),
            holds=(*_SPAN, "aesthetic_score", "umt_score"),
            one_is="span",
            rows=internvid.rows,
            write=internvid.write,
        ),
        Format(
            name="panda70m",
            about="Panda-70M's csv, a video a line",
            wanted=panda70m.WANTED,
            needs=frozenset({"videoID", "timestamp", "caption"}),
            holds=(*_SPAN, "matching_score"),
            one_is="span",
            rows=panda70m.rows,
            write=panda70m.write,
        ),
        Format(
            name="sharegpt4video",
            about="ShareGPT4Video, a caption per keyframe and one of the whole",
            wanted=sharegpt4video.WANTED,
            needs=frozenset({"video_id", "captions"}),
            holds=("video_id", "video_path", "archive", "long_captions", "keyframe_captions"),
            one_is="file",
            rows=sharegpt4video.rows,
            write=sharegpt4video.write,
        ),
        Format(
            name="vild",
            about="VideoCLIP-XL's training data, short and long captions",
            wanted=videoclip_xl.VILD,
            needs=frozenset(videoclip_xl.VILD),
            holds=("video_id", "caption", "more_captions", "long_captions"),
            one_is="file",
            rows=videoclip_xl.vild_rows,
            write=videoclip_xl.write_vild,
        ),
        Format(
            name="lvdr",
            about="VideoCLIP-XL's benchmark, a true long caption and ever falser ones",
            wanted=videoclip_xl.LVDR,
            needs=frozenset(videoclip_xl.LVDR),
            holds=("video_id", "long_captions"),
            one_is="file",
            rows=videoclip_xl.lvdr_rows,
            write=videoclip_xl.write_lvdr,
        ),
        Format(
            name="viclip",
            about="what ViCLIP is trained from, a list of files and captions",
            wanted=viclip.WANTED,
            needs=frozenset(viclip.WANTED),
            holds=("video_path", "caption"),
            one_is="file",
            rows=viclip.rows,
            write=viclip.write,
        ),
        Format(
            name="webdataset",
            about="tar shards, a sample per clip",
            wanted=huggingface.WANTED,
            needs=_OURS,
            holds=tuple(CONTENT),
            one_is="span",
            rows=huggingface.rows,
            write=webdataset.write,
            ending=".tar",
        ),
        Format(
            name="huggingface",
            about="Parquet files and a README that `datasets` loads",
            wanted=huggingface.WANTED,
            needs=_OURS,
            holds=tuple(CONTENT),
            one_is="span",
            rows=huggingface.rows,
            write=huggingface.write,
            ending=".parquet",
        ),
        Format(
            name="lance",
            about="a Lance dataset",
            wanted=huggingface.WANTED,
            needs=_OURS,
            holds=tuple(CONTENT),
            one_is="span",
            rows=huggingface.rows,
            write=lance.write,
            ending=lance.ENDING,
        ),
    )
}


def named(name: str) -> Format:
    """Raises UserError naming those there are."""
    if name not in FORMATS:
        raise UserError(f"no format {name}; there are: {', '.join(FORMATS)}")
    return FORMATS[name]


def detected(path: Path) -> Format:
    """The format whose keys the first record has: the most, then its kind of file, wins. Raises UserError for none."""
    there = keys(path)
    fitting = [one for one in FORMATS.values() if one.needs <= set(there)]
    if not fitting:
        columns = ", ".join(there)[:200] or "nothing that could be read"
        raise UserError(f"{path} is in no known format: its first record has {columns}; --format names one")
    return max(fitting, key=lambda one: (len(one.needs), bool(one.ending) and lies_in(path, one.ending)))


def read(path: Path, format: Format) -> Iterator[pl.DataFrame]:
    """Every record as rows of `rows.ROW`: those that are no clip have a `rejection_reason`. Memory stays bounded."""
    for found in records(path, format.wanted):
        yield judged(format.rows(found.frame), found.text_of)


def write(batches: Iterable[pl.DataFrame], path: Path, format: Format) -> None:
    """Rows with any of the columns of `rows.CONTENT` become `path`, whole or not at all."""
    with aside(path) as unfinished:
        format.write(map(completed, batches), unfinished)
