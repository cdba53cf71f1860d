"""The table of formats: their record keys, the columns they can represent, and their readers and writers."""

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
    """A format of video-caption datasets."""

    name: str
    about: str
    wanted: pl.Schema
    """The keys of a record; others are ignored."""
    needs: frozenset[str]
    """Keys by which the format is detected."""
    holds: tuple[str, ...]
    """The columns of a row that survive a round trip; times to the millisecond."""
    one_is: Literal["span", "file"]
    """Whether a record describes a span of a source video, or a separate file."""
    rows: Callable[[pl.DataFrame], pl.DataFrame]
    write: Callable[[Iterator[pl.DataFrame], Path], None]
    ending: str = ""
    """File name ending, if the keys alone do not identify the format."""


_OURS = frozenset({"caption", "start_seconds", "end_seconds"})

FORMATS = {
    one.name: one
    for one in (
        Format(
            name="internvid",
            about="InternVid's released annotations, one clip per line",
            wanted=internvid.WANTED,
            needs=frozenset({"YoutubeID", "Start_timestamp", "End_timestamp", "Caption"}),
            holds=(*_SPAN, "aesthetic_score", "umt_score"),
            one_is="span",
            rows=internvid.rows,
            write=internvid.write,
        ),
        Format(
            name="panda70m",
            about="Panda-70M's csv, one video per line",
            wanted=panda70m.WANTED,
            needs=frozenset({"videoID", "timestamp", "caption"}),
            holds=(*_SPAN, "matching_score"),
            one_is="span",
            rows=panda70m.rows,
            write=panda70m.write,
        ),
        Format(
            name="sharegpt4video",
            about="ShareGPT4Video, one caption per keyframe and one of the whole video",
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
            about="VideoCLIP-XL's benchmark, a true long caption and increasingly false ones",
            wanted=videoclip_xl.LVDR,
            needs=frozenset(videoclip_xl.LVDR),
            holds=("video_id", "long_captions"),
            one_is="file",
            rows=videoclip_xl.lvdr_rows,
            write=videoclip_xl.write_lvdr,
        ),
        Format(
            name="viclip",
            about="the input of ViCLIP's training code, a list of files and captions",
            wanted=viclip.WANTED,
            needs=frozenset(viclip.WANTED),
            holds=("video_path", "caption"),
            one_is="file",
            rows=viclip.rows,
            write=viclip.write,
        ),
        Format(
            name="webdataset",
            about="tar shards, one sample per clip",
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
            about="Parquet files and a README, for Hugging Face `datasets`",
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
    """Raises UserError with the list of formats if there is no such one."""
    if name not in FORMATS:
        raise UserError(f"no format {name}; expected one of: {', '.join(FORMATS)}")
    return FORMATS[name]


def detected(path: Path) -> Format:
    """The format with the most keys, all of which are in the first record; ties: by file ending. Raises UserError."""
    there = keys(path)
    fitting = [one for one in FORMATS.values() if one.needs <= set(there)]
    if not fitting:
        columns = ", ".join(there)[:200] or "no readable keys"
        raise UserError(f"{path} is in no known format: its first record has {columns}; select one with --format")
    return max(fitting, key=lambda one: (len(one.needs), bool(one.ending) and lies_in(path, one.ending)))


def read(path: Path, format: Format) -> Iterator[pl.DataFrame]:
    """All records as rows of `rows.ROW`; invalid ones have a `rejection_reason`. In bounded memory."""
    for found in records(path, format.wanted):
        yield judged(format.rows(found.frame), found.text_of)


def write(batches: Iterable[pl.DataFrame], path: Path, format: Format) -> None:
    """Write rows with any of the columns of `rows.CONTENT` to `path`, atomically."""
    with aside(path) as unfinished:
        format.write(map(completed, batches), unfinished)
