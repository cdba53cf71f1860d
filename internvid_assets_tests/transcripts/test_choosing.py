"""Which of a video's subtitle files are read, and in which language they are."""

from __future__ import annotations

import polars as pl
import pytest

from internvid_assets import tables
from internvid_assets.cells.feature import empty_table, schema_of
from internvid_assets.transcripts.choosing import chosen_files, language_code, subtitle_files
from internvid_assets.videos.subtitle_names import language_tag


def table(name: str, row: dict) -> pl.LazyFrame:
    types = schema_of(tables.PER_CATEGORY[name])
    return pl.LazyFrame([{column: row.get(column) for column in types}], schema=types)


def talk(language: str | None, *names: str) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """`videos` and `acquired_videos` of `talk.mp4` with subtitles of these names beside it."""
    keys = {"video_id": "a", "category": "music", "media_uri": "file:///my.videos/talk.mp4"}
    told = {
        "subtitle_uris": [f"file:///my.videos/talk.{name}" for name in names],
        "subtitle_languages": [language_tag(f"talk.{name}", "talk") for name in names],
        "subtitle_hashes": [f"hash of {name}" for name in names],
    }
    return table("videos", keys | {"language": language}), table("acquired_videos", keys | told)


NAMES = {
    "vtt": ("fr", False, "vtt"),
    "en.vtt": ("en", False, "vtt"),
    "EN-us.SRT": ("en", False, "srt"),
    "zh-Hans.json3": ("zh", False, "json3"),
    "pt_BR.ass": ("pt", False, "ass"),
    "fre.ssa": ("fr", False, "ssa"),
    "en-orig.json3": ("en", True, "json3"),
    "de.auto.vtt": ("de", True, "vtt"),
    "asr.de.vtt": ("de", True, "vtt"),
    "auto.vtt": ("fr", True, "vtt"),
    "en.sdh.srt": ("en", False, "srt"),
    "en.hi.srt": ("en", False, "srt"),
    "hi.srt": ("hi", False, "srt"),
    "en-nP7-2PuUl7o.vtt": ("en", False, "vtt"),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_tell_language_maker_and_format(name: str):
    (row,) = subtitle_files(*talk("fr", name)).collect().to_dicts()
    assert (row["language"], row["is_automatic"], row["format"]) == NAMES[name]
    assert row["subtitle_hash"] == f"hash of {name}"


def test_what_is_in_no_language_or_in_no_format_that_is_read_is_left_out():
    assert subtitle_files(*talk("fr", "part2.vtt", "en.lrc", "en.srv3")).collect().is_empty()
    assert subtitle_files(*talk(None, "vtt")).collect()["language"].to_list() == ["und"]
    assert subtitle_files(*talk("fr")).collect().is_empty()


@pytest.mark.parametrize(("tag", "code"), [("en", "en"), ("eng", "en"), ("iw", "he"), ("qqq1", None), ("", None)])
def test_language_codes(tag: str, code: str | None):
    assert language_code(tag) == code


CHOICES = [
    ("the video's own language, and English", "fr", ["de.vtt", "en.vtt", "fr.vtt"], ["fr.vtt*", "en.vtt"]),
    ("English once", "en", ["de.vtt", "en.vtt"], ["en.vtt*"]),
    ("English where the own language has no file", "it", ["de.vtt", "en.vtt"], ["en.vtt*"]),
    ("else the first", None, ["fr.vtt", "de.vtt"], ["de.vtt*"]),
    ("people before speech recognition", "en", ["en.auto.json3", "en.srt"], ["en.srt*"]),
    ("word times before none", "en", ["en.srt", "en.json3", "en.vtt"], ["en.json3*"]),
    ("a name without a language means the video's", "fr", ["vtt", "en.vtt"], ["vtt*", "en.vtt"]),
    ("a language nobody names comes last", None, ["vtt", "de.vtt"], ["de.vtt*"]),
]


@pytest.mark.parametrize(("language", "names", "expected"), [c[1:] for c in CHOICES], ids=[c[0] for c in CHOICES])
def test_which_files_are_read(language: str | None, names: list[str], expected: list[str]):
    chosen = chosen_files(*talk(language, *names)).collect()
    read = [
        uri.rpartition("/talk.")[2] + "*" * is_first for uri, is_first in chosen["subtitle_uri", "is_transcript"].rows()
    ]
    assert read == expected


def test_videos_that_were_rejected_are_left_out():
    videos, acquired = talk("en", "en.vtt")
    assert chosen_files(videos.with_columns(rejection_reason=pl.lit("too_short")), acquired).collect().is_empty()
    empty = (empty_table(name).lazy() for name in ("videos", "acquired_videos"))
    assert chosen_files(*empty).collect().is_empty()
