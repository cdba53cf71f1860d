"""Videos that public datasets already contain, from the files released with them (InternVid 3.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.cells.feature import schema_of
from internvid_assets.media.addresses import youtube_id
from internvid_assets.parameters import KnownFile
from internvid_assets.queries.records import KEY, Record, read_records
from internvid_assets.settings import beside_settings

YOUTUBE_COLUMNS = ("youtubeid", "ytid", "youtube")
URL_COLUMNS = ("url", "videourl", "contenturl", "0")
ID_COLUMNS = ("videoid", "vid", "video", "id", KEY, "0")
"""The first match counts: a YouTube id, a YouTube URL (MSR-VTT's video_id is its own number), any id."""

BATCH_ROWS = 200_000
SHOWN_CHARACTERS = 80

_YOUTUBE_ID = r"[A-Za-z0-9_-]{11}"
_CLIP_OF_YOUTUBE = re.compile(rf"(?:v_)?({_YOUTUBE_ID})(?:_\d+(?:\.\d+)?_\d+(?:\.\d+)?)?")
"""The id of the whole video may be preceded by `v_` (ActivityNet Captions) and followed by a time span (VATEX, MSVD,
QVHighlights)."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def list_known(files: Sequence[KnownFile]) -> pl.DataFrame:
    """`known_videos` from the files: by dataset, purpose and id.

    Raises UserError if a file is missing or identifies no video.
    """
    types = schema_of(tables.KnownVideos)
    batches = [batch for file in files for batch in _batches(file)]
    rows = pl.concat([pl.DataFrame(schema=types), *(batch.select(*types) for batch in batches)])
    return _mentioned(rows).select(*types).sort("dataset", "purpose", "video_id")


def _batches(file: KnownFile) -> Iterator[pl.DataFrame]:
    """Bounded batches of distinct ids: InternVid's full list contains each of 7 million videos thirty times."""
    rows: list[tuple[str, int, str | None]] = []
    understood = 0
    for record in read_records(beside_settings(file.path), {*YOUTUBE_COLUMNS, *URL_COLUMNS, *ID_COLUMNS}):
        video_id, reason = video_id_of(record)
        rows.append((video_id, record.line, reason))
        understood += reason is None
        if len(rows) == BATCH_ROWS:
            yield _frame(rows, file)
            rows = []
    if not understood:
        raise UserError(
            f"known_videos.files: {file.path} identifies no video; expected one id per line, a column youtube_id, "
            "video_id, url or similar, or a JSON object keyed by id"
        )
    yield _frame(rows, file)


def _frame(rows: list[tuple[str, int, str | None]], file: KnownFile) -> pl.DataFrame:
    types = {"video_id": pl.String, "line": pl.Int64, "rejection_reason": pl.String}
    of_file = {"dataset": file.dataset, "purpose": file.purpose, "file": str(file.path)}
    named = {name: pl.lit(value) for name, value in of_file.items()}
    frame = pl.DataFrame(rows, schema=types, orient="row").with_columns(**named, mentions=pl.lit(1, pl.Int64))
    return _mentioned(frame)


def _mentioned(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per key: its first mention, and the number of mentions."""
    first = pl.col("file", "line", "rejection_reason").first()
    grouped = rows.group_by("dataset", "purpose", "video_id", maintain_order=True)
    return grouped.agg(first, pl.col("mentions").sum())


def video_id_of(record: Record) -> tuple[str, str | None]:
    """The id in a record, or its raw text and the rejection reason."""
    fields = record.fields
    if record.problem:
        return record.raw[:SHOWN_CHARACTERS], record.problem
    if url := _youtube_url(fields):
        return url, None
    video = next((str(fields[name]).strip() for name in (*YOUTUBE_COLUMNS, *ID_COLUMNS) if fields.get(name)), "")
    if not video:
        return record.raw[:SHOWN_CHARACTERS], "no_id"
    if clip := _CLIP_OF_YOUTUBE.fullmatch(video):
        return clip[1], None
    is_id = _ID.fullmatch(video) and "1" not in fields  # a single column without a header may hold ids
    return video[:SHOWN_CHARACTERS], None if is_id else "not_an_id"


def _youtube_url(fields: Mapping[str, Any]) -> str | None:
    """The id in the first URL of a YouTube video, if any; some lists omit `https://`."""
    texts = (str(fields[name]).strip() for name in URL_COLUMNS if fields.get(name))
    urls = (text if "://" in text else f"https://{text}" for text in texts if "/" in text)
    return next(filter(None, map(youtube_id, urls)), None)


def known_datasets(known_videos: pl.LazyFrame, purpose: str) -> pl.LazyFrame:
    """(video_id, known_dataset): the first dataset by name, among those with this purpose, that contains the video."""
    counting = pl.col("rejection_reason").is_null() & (pl.col("purpose") == purpose)
    return known_videos.filter(counting).group_by("video_id").agg(known_dataset=pl.col("dataset").min())
