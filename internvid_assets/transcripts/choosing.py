"""Which subtitle files are read, which videos need speech recognition, and what is said during a clip."""

from __future__ import annotations

from functools import cache

import polars as pl

from internvid_assets.clips.selection import kept
from internvid_assets.videos.subtitle_names import AUTOMATIC, FORMATS, UNDETERMINED

ENGLISH = "en"
_AUTOMATIC = rf"(?i)[._-](?:{'|'.join(AUTOMATIC)})[._-]"


def eligible(videos: pl.LazyFrame) -> pl.LazyFrame:
    """The videos that are not rejected."""
    return videos.filter(pl.col("error").is_null() & pl.col("rejection_reason").is_null())


def subtitle_files(videos: pl.LazyFrame, acquired_videos: pl.LazyFrame) -> pl.LazyFrame:
    """One row per readable subtitle file of an eligible video, with `language`, `is_automatic` and `format`.

    The language is that of the file name, or else the video's, or else `und`. A file with a tag that is not a language
    is left out: it belongs to another video.
    """
    own = eligible(videos).select("video_id", "category", own_language="language")
    lists = {"subtitle_uri": "subtitle_uris", "tag": "subtitle_languages", "subtitle_hash": "subtitle_hashes"}
    files = acquired_videos.select("video_id", "media_uri", **lists).explode(*lists).drop_nulls("subtitle_uri")
    uri, stem = pl.col("subtitle_uri"), pl.col("media_uri").str.replace(r"\.[^./]*$", "")
    unnamed = pl.coalesce("own_language", pl.lit(UNDETERMINED))
    named = pl.col("tag").map_elements(language_code, return_dtype=pl.String)
    rows = own.join(files, on="video_id", how="inner").with_columns(
        language=pl.when(pl.col("tag") == UNDETERMINED).then(unnamed).otherwise(named),
        is_automatic=uri.str.strip_prefix(stem).str.contains(_AUTOMATIC),
        format=uri.str.extract(r"\.(\w+)$").str.to_lowercase(),
    )
    return rows.filter(pl.col("language").is_not_null() & pl.col("format").is_in(FORMATS)).drop("media_uri", "tag")


@cache
def language_code(tag: str) -> str | None:
    """The language of a tag, as the two-letter ISO 639 code if there is one: `eng` and `en-US` become `en`."""
    import langcodes

    primary = tag.replace("_", "-").partition("-")[0].lower()
    try:
        language = langcodes.Language.get(primary)
    except ValueError:  # includes langcodes.LanguageTagError
        return None
    return language.language if language.is_valid() else None


def chosen_files(videos: pl.LazyFrame, acquired_videos: pl.LazyFrame) -> pl.LazyFrame:
    """At most two files per eligible video: the one for its transcript (`is_transcript`), and the English one.

    The transcript is in the video's own language if there is such a file, or else in English, or else in the first
    language. Of several files in one language, human-written ones are preferred, then formats that often time words.
    """
    files = subtitle_files(videos, acquired_videos)
    is_own, is_english = pl.col("language").eq_missing(pl.col("own_language")), pl.col("language") == ENGLISH
    wish = pl.when(is_own).then(0).when(is_english).then(1).otherwise(2)
    format_rank = pl.col("format").replace_strict(FORMATS, range(len(FORMATS)))
    ranked = files.with_columns(wish=wish, rank=format_rank).sort(
        "video_id", "wish", "language", "is_automatic", "rank", "subtitle_uri"
    )
    best = ranked.unique(["video_id", "language"], keep="first", maintain_order=True)
    is_first = pl.col("language") == pl.col("language").first().over("video_id")
    best = best.with_columns(is_transcript=is_first)
    return best.filter(is_english | pl.col("is_transcript")).drop("own_language", "wish", "rank", "format")


def unread(videos: pl.LazyFrame, acquired_videos: pl.LazyFrame, subtitle_cues: pl.LazyFrame) -> pl.LazyFrame:
    """The eligible videos with audio but without a transcript from subtitles: there is no file, or it is broken.

    `audio_uri` is the separate audio file, if there is one.
    """
    given = subtitle_cues.filter(pl.col("error").is_null() & pl.col("is_transcript")).select("video_id")
    sounds = acquired_videos.select("video_id", "audio_uri")
    heard = eligible(videos).join(sounds, on="video_id", how="left", maintain_order="left")
    heard = heard.filter(pl.col("has_audio") | pl.col("audio_uri").is_not_null())
    return heard.join(given, on="video_id", how="anti", maintain_order="left")


def spoken_during(clips: pl.LazyFrame, cues: pl.LazyFrame) -> pl.LazyFrame:
    """`clip_id`, `text`, `language` and `origin` of the kept clips during which something is said.

    A word belongs to the clip that contains its midpoint. Clips of a video do not overlap, so only the last clip that
    starts before the midpoint can contain it.
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
