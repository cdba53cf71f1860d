"""Panda-70M's csv: one video per line, its clips as lists in Python syntax."""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator, Mapping
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import polars as pl

from internvid_assets.formats.rows import seconds_of, timestamp_of, without_times

WANTED = pl.Schema(
    {"videoID": pl.String, "url": pl.String, "timestamp": pl.String, "caption": pl.String, "matching_score": pl.String}
)
_CLIP = pl.Schema(
    {
        "line": pl.Int64,
        "position": pl.Int32,
        "problem": pl.String,
        "video_id": pl.String,
        "start": pl.String,
        "end": pl.String,
        "caption": pl.String,
        "matching_score": pl.Float64,
    }
)


def rows(records: pl.DataFrame) -> pl.DataFrame:
    """One row per entry of a line's lists; one row for a line whose lists cannot be read or have unequal lengths."""
    clips = chain.from_iterable(map(_clips, records.iter_rows(named=True)))
    found = pl.DataFrame(list(clips), schema=_CLIP, orient="row")
    times = {"start_seconds": seconds_of(pl.col("start")), "end_seconds": seconds_of(pl.col("end"))}
    return found.with_columns(**times).with_columns(without_times())


def _clips(record: Mapping[str, Any]) -> Iterator[tuple]:
    line, video_id, problem = record["line"], record["videoID"], record["problem"]
    spans, captions, scores = (_list(record[name]) for name in ("timestamp", "caption", "matching_score"))
    scores = [None] * len(captions) if record["matching_score"] is None else scores
    problem = problem or _problem_of(spans, captions, scores)
    if problem:
        yield line, 0, problem, video_id, None, None, None, None
        return
    for position, ((start, end), caption, score) in enumerate(zip(spans, captions, scores, strict=True)):
        yield line, position, None, video_id, start, end, caption, score


def _list(text: str | None) -> list[Any]:
    """A list in Python syntax; an empty list for any other text."""
    try:
        found = ast.literal_eval(text or "")
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return []
    return found if isinstance(found, list) else []


def _problem_of(spans: list[Any], captions: list[Any], scores: list[Any]) -> str | None:
    if not spans or not captions or not scores:
        return "no_list"
    if not len(spans) == len(captions) == len(scores):
        return "lists_of_unequal_length"
    are_spans = all(isinstance(span, list) and [*map(type, span)] == [str, str] for span in spans)
    are_captions = all(isinstance(caption, str) for caption in captions)
    are_scores = all(score is None or type(score) in (int, float) for score in scores)
    return None if are_spans and are_captions and are_scores else "wrong_type"


def write(batches: Iterator[pl.DataFrame], path: Path) -> None:
    """One line per video; its clips must be consecutive. The matching score is ours, or else UMT-SIM."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(WANTED.names())
        clips = chain.from_iterable(_columns(batch).iter_rows() for batch in batches)
        for video_id, of_video in groupby(clips, key=itemgetter(0)):
            _, spans, captions, scores = map(list, zip(*of_video, strict=True))
            lines.writerow([video_id, f"https://www.youtube.com/watch?v={video_id}", spans, captions, scores])


def _columns(rows: pl.DataFrame) -> pl.DataFrame:
    times = (timestamp_of(pl.col(name), hour_digits=1) for name in ("start_seconds", "end_seconds"))
    return rows.select("video_id", pl.concat_list(*times), "caption", pl.coalesce("matching_score", "umt_score"))
