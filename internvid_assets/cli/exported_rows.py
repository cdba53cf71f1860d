"""The rows of an export: a query over the lake, streamed batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

import polars as pl

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.sql_text import quoted
from internvid_assets.formats.catalogue import Format
from internvid_assets.formats.rows import CONTENT

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 10_000


class Pictures(StrEnum):
    """What a WebDataset holds of a clip beside its text."""

    clips = "clips"
    frames = "frames"
    none = "none"


def subset_query(subset: str, format: Format, beside: Pictures = Pictures.none) -> str:
    """The clips of a subset in the order of their videos, with the columns that the format holds, and pictures' places.

    Where the format speaks of files, a clip is one: it has the name that `internvid export-clips` gives it.
    """
    is_file = format.one_is == "file"
    columns = {
        "clip_id": "clip_id",
        "video_id": "clip_id" if is_file else "captioned_clips.video_id",
        "video_path": "clip_id || '.mp4'" if is_file else "null",
        "language": "videos.language",
        "category": "category",
        "long_captions": "dense.long_captions",
        "keyframe_captions": "keyframes.keyframe_captions",
        **{name: f"captioned_clips.{name}" for name in _OWN},
    }
    held = [f"{text} as {name}" for name, text in columns.items() if name in format.holds]
    places = {Pictures.clips: _CLIP_PLACES, Pictures.frames: _FRAME_PLACES, Pictures.none: []}[beside]
    joins = [join for name, join in _JOINS.items() if any(f"{name}." in text for text in (*held, *places))]
    return f"""
        with chosen as materialized (select clip_id, category from "{subset}")
        select {", ".join([*held, *places])}
        from captioned_clips semi join chosen using (clip_id, category)
        {" ".join(joins)}
        order by captioned_clips.video_id, captioned_clips.start_seconds, clip_id"""


_OWN = ("start_seconds", "end_seconds", "caption", "aesthetic_score", "umt_score")
_CLIP_PLACES = ["videos.media_uri", "clips.start_pts", "clips.end_pts"]
_FRAME_PLACES = ["category as frames_of", "frames.frame_hashes"]
_OF_CHOSEN = "semi join chosen using (clip_id, category) group by all"
_JOINS = {
    "videos": "left join videos using (video_id, category)",
    "clips": "left join clips using (clip_id, category)",
    "dense": f"""left join (
            select clip_id, category, list(caption) filter (caption is not null) as long_captions
            from dense_captions {_OF_CHOSEN}) as dense using (clip_id, category)""",
    "keyframes": f"""left join (
            select clip_id, category, list(caption order by keyframe) filter (caption is not null) as keyframe_captions
            from keyframe_captions {_OF_CHOSEN}) as keyframes using (clip_id, category)""",
    "frames": f"""left join (
            select clip_id, category, list(frame_hash order by uniform_8) filter (uniform_8 is not null) as frame_hashes
            from clip_frames {_OF_CHOSEN}) as frames using (clip_id, category)""",
}
"""What an export needs beside `captioned_clips`, by the name under which it is asked."""


def imported_query(dataset: str, format: Format) -> str:
    """The clips of an imported dataset; lines that name none are left out."""
    named = "coalesce(video_path, video_id || '.mp4')" if format.one_is == "file" else "video_path"
    columns = [f"{named} as video_path" if name == "video_path" else name for name in CONTENT if name in format.holds]
    return f"""
        select {", ".join(columns)} from imported_clips
        where dataset = {quoted(dataset)} and rejection_reason is null
        order by video_id, start_seconds, line, position"""


def batches(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[pl.DataFrame]:
    """The rows as DuckDB yields them. It sorts and joins within its memory limit, then in a folder that it makes."""
    import duckdb

    try:
        for batch in connection.sql(query).to_arrow_reader(BATCH_ROWS):
            yield pl.DataFrame(batch)
    except duckdb.Error as error:
        raise UserError(f"the rows cannot be read: {' '.join(str(error).split())[:300]}") from None
