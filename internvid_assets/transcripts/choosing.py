"""Which subtitle files are read, which videos have to be listened to, and what is said during a clip."""

from __future__ import annotations

import polars as pl

from internvid_assets.clips.selection import kept
from internvid_assets.transcripts.subtitle_files import FORMATS

ENGLISH = "en"


def eligible(videos: pl.LazyFrame) -> pl.LazyFrame:
    """The videos nothing speaks against."""
    return videos.filter(pl.col("error").is_null() & pl.col("rejection_reason").is_null())


def chosen_files(videos: pl.LazyFrame, subtitle_files: pl.LazyFrame) -> pl.LazyFrame:
    """At most two files per eligible video: that of its transcript (`is_transcript`), and the English one.

    The transcript is in the video's own language where there is a file in it, else in English, else in the first
    language. Of several files in one language: one that people wrote, then the format that is likelier to time words.
    """
    own = eligible(videos).select("video_id", own_language="language")
    files = subtitle_files.join(own, on="video_id", how="inner", maintain_order="left")
    is_own, is_english = pl.col("language").eq_missing(pl.col("own_language")), pl.col("language") == ENGLISH
    wish = pl.when(is_own).then(0).when(is_english).then(1).otherwise(2)
    format_rank = pl.col("format").replace_strict(
        {name: rank for rank, name in enumerate(FORMATS)}, default=len(FORMATS)
    )
    ranked = files.with_columns(wish=wish, rank=format_rank)
    ranked = ranked.sort("video_id", "wish", "language", "is_automatic", "rank", "subtitle_uri")
    best = ranked.unique(["video_id", "language"], keep="first", maintain_order=True)
    is_first = pl.col("language") == pl.col("language").first().over("video_id")
    best = best.with_columns(is_transcript=is_first)
    return best.filter(is_english | pl.col("is_transcript")).drop("own_language", "wish", "rank")


def unread(videos: pl.LazyFrame, subtitle_cues: pl.LazyFrame) -> pl.LazyFrame:
    """The eligible videos with sound whose transcript no subtitle file gave: there is none, or it is broken."""
    given = subtitle_cues.filter(pl.col("error").is_null() & pl.col("is_transcript")).select("video_id")
    heard = eligible(videos).filter(pl.col("has_audio"))
    return heard.join(given, on="video_id", how="anti", maintain_order="left")


def spoken_during(clips: pl.LazyFrame, cues: pl.LazyFrame) -> pl.LazyFrame:
    """`clip_id`, `text`, `language` and `origin` of the kept clips during which something is said.

    A word belongs to the clip that holds the middle of its time. Clips of a video do not overlap, so the last clip
    that begins before the middle is the only one that may.
    """
    times = ["words", "word_starts_seconds", "word_ends_seconds", "position"]
    words = cues.with_columns(position=pl.int_ranges(pl.col("words").list.len()))
    words = words.select("video_id", "cue", "language", "origin", *times).explode(times).drop_nulls("words")
    middle = (pl.col("word_starts_seconds") + pl.col("word_ends_seconds")) / 2
    words = words.with_columns(middle_seconds=middle)
    spans = kept(clips).select("video_id", "clip_id", "end_seconds", middle_seconds="start_seconds")
    inside = words.sort("middle_seconds").join_asof(
        spans.sort("middle_seconds"), on="middle_seconds", by="video_id", strategy="backward", check_sortedness=False
    )
    inside = inside.filter(pl.col("middle_seconds") < pl.col("end_seconds")).sort("clip_id", "cue", "position")
    grouped = inside.group_by("clip_id", maintain_order=True)
    text = pl.col("words").str.join("").str.strip_chars()
    return grouped.agg(text.alias("text"), pl.col("language").first(), pl.col("origin").first())
