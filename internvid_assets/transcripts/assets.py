"""Transcripts: read subtitles, recognise speech where there are none, and assign the words to clips."""

from typing import Any

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.feature import feature
from internvid_assets.clips.selection import kept
from internvid_assets.models import modules
from internvid_assets.transcripts.choosing import ENGLISH, chosen_files, spoken_during, subtitle_files, unread
from internvid_assets.transcripts.hearing import hear_speech
from internvid_assets.transcripts.reading import read_files
from internvid_assets.transcripts.translating import translate

CUES = "internvid_assets.transcripts.words"


def first_if_failed(rows: pl.LazyFrame, parameters: Any) -> pl.LazyFrame:
    """A failed call is one row, and a key must not be null."""
    return rows.with_columns(pl.col("cue").fill_null(0))


@feature(
    schema=tables.SubtitleCues,
    reads=["subtitle_hash", "is_automatic"],
    work=read_files,
    version="1",
    code=[
        "internvid_assets.transcripts.subtitles",
        "internvid_assets.transcripts.rolling",
        "internvid_assets.transcripts.json3",
        CUES,
    ],
    finish=first_if_failed,
)
def subtitle_cues(videos: pl.LazyFrame, acquired_videos: pl.LazyFrame) -> pl.LazyFrame:
    """One row per cue of a video's subtitles, in the language of its transcript and in English."""
    return chosen_files(videos, acquired_videos)


@feature(
    schema=tables.SpeechCues,
    reads=["content_hash", "audio_uri"],
    borrows=["videos.max_pixels"],
    work=hear_speech,
    version="1",
    code=[
        "internvid_assets.media.audio",
        "internvid_assets.media.voice",
        "internvid_assets.media.opening",
        "internvid_assets.models.transformers_whisper",
        "internvid_assets.models.faster_whisper",
        "internvid_assets.models.transformers_loading",
        "internvid_assets.models.batching",
        CUES,
    ],
    models=["transcriber"],
    finish=first_if_failed,
    batch_rows=8,
    kinds=["ffmpeg", "transformers"],
)
def speech_cues(videos: pl.LazyFrame, acquired_videos: pl.LazyFrame, subtitle_cues: pl.LazyFrame) -> pl.LazyFrame:
    """One row per cue recognised by a speech model in a video with audio but without readable subtitles."""
    return unread(videos, acquired_videos, subtitle_cues).select(
        "video_id", "category", "content_hash", "media_uri", "audio_uri", "duration_seconds"
    )


@feature(
    schema=tables.Transcripts,
    reads=["text", "language", "english_subtitle"],
    work=translate,
    version="1",
    code=modules.LANGUAGE,
    models=["translator"],
    kinds=["transformers"],
)
def transcripts(
    videos: pl.LazyFrame,
    acquired_videos: pl.LazyFrame,
    clips: pl.LazyFrame,
    subtitle_cues: pl.LazyFrame,
    speech_cues: pl.LazyFrame,
) -> pl.LazyFrame:
    """One row per kept clip: what is said during it, in the original language and in English; null if nothing is."""
    read, heard = (cues.filter(pl.col("error").is_null()) for cues in (subtitle_cues, speech_cues))
    own = pl.concat([read.filter(pl.col("is_transcript")), heard], how="diagonal")
    english = spoken_during(clips, read.filter(pl.col("language") == ENGLISH))
    files = subtitle_files(videos, acquired_videos)
    languages = files.group_by("video_id").agg(pl.col("language").unique().sort().alias("subtitle_languages"))
    rows = kept(clips).select("clip_id", "video_id", "category")
    rows = rows.join(spoken_during(clips, own), on="clip_id", how="left")
    rows = rows.join(english.select("clip_id", english_subtitle="text"), on="clip_id", how="left")
    rows = rows.join(languages, on="video_id", how="left").with_columns(pl.col("subtitle_languages").fill_null([]))
    return rows.sort("clip_id")
