"""Which files beside a video are its subtitles, in which language, and which of them are read."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from internvid_assets import tables
from internvid_assets.cells.feature import schema_of
from internvid_assets.transcripts.choosing import chosen_files
from internvid_assets.transcripts.subtitle_files import language_code, list_subtitles, subtitles_beside
from internvid_assets.videos.sources import source_uri

NAMES = {
    "talk.vtt": (None, False),
    "talk.en.vtt": ("en", False),
    "talk.EN-us.SRT": ("en", False),
    "talk.zh-Hans.json3": ("zh", False),
    "talk.pt_BR.ass": ("pt", False),
    "talk.fre.ssa": ("fr", False),
    "talk.en-orig.json3": ("en", True),
    "talk.de.auto.vtt": ("de", True),
    "talk.auto.vtt": (None, True),
    "talk.en.sdh.srt": ("en", False),
    "talk.en.hi.srt": ("en", False),
    "talk.hi.srt": ("hi", False),
    "talk.en-nP7-2PuUl7o.vtt": ("en", False),
}
NOT_ITS_OWN = [
    "talk.mp4",
    "talk.part2.en.vtt",
    "talks.en.vtt",
    "talk-en.vtt",
    "talk.live_chat.json",
    ".talk.en.vtt",
    "talk.en.fr.vtt",
    "talk.en.vtt.part",
]


def test_names_tell_language_and_maker(tmp_path: Path):
    for name in [*NAMES, *NOT_ITS_OWN]:
        (tmp_path / name).write_bytes(b"x")
    found = subtitles_beside(str(tmp_path / "talk.mp4"))
    assert {Path(file.path).name: (file.language, file.is_automatic) for file in found} == NAMES
    assert {file.size_bytes for file in found} == {1}


def test_a_stem_may_have_dots(tmp_path: Path):
    for name in ("a.b.mp4", "a.b.en.vtt", "a.mp4", "a.fr.vtt"):
        (tmp_path / name).touch()
    assert [file.language for file in subtitles_beside(str(tmp_path / "a.b.mp4"))] == ["en"]
    assert [file.language for file in subtitles_beside(str(tmp_path / "a.mp4"))] == ["fr"]
    assert subtitles_beside(str(tmp_path / "gone" / "a.mp4")) == []


@pytest.mark.parametrize(("tag", "code"), [("en", "en"), ("eng", "en"), ("iw", "he"), ("qqq1", None), ("", None)])
def test_language_codes(tag: str, code: str | None):
    assert language_code(tag) == code


def video(path: Path, language: str | None = None, **columns: object) -> dict:
    return {
        "video_id": path.stem,
        "category": "music",
        "source_uri": source_uri(str(path)),
        "language": language,
    } | columns


def test_a_listing_names_every_file_with_its_size(tmp_path: Path):
    for name in ("a.en.vtt", "a.vtt", "b.srt", "sub/c.zh.srt", "nobody.en.vtt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    videos = [video(tmp_path / "a.mp4", "fr"), video(tmp_path / "b.mkv"), video(tmp_path / "sub" / "c.mp4", "en")]
    videos += [video(tmp_path / "silent.mp4"), video(tmp_path / "d.mp4") | {"source_uri": "https://x.org/d.mp4"}]
    frame = list_subtitles(pl.DataFrame(videos))
    tables.SubtitleFiles.validate(frame)
    rows = frame.select("video_id", "language", "format", "file_size_bytes").rows()
    assert rows == [("a", "en", "vtt", 8), ("a", "fr", "vtt", 5), ("b", "und", "srt", 5), ("c", "zh", "srt", 12)]
    assert list_subtitles(pl.DataFrame(videos[3:])).is_empty()


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
def test_which_files_are_read(language: str | None, names: list[str], expected: list[str], tmp_path: Path):
    for name in names:
        (tmp_path / f"a.{name}").touch()
    videos = pl.DataFrame([video(tmp_path / "a.mp4", language)], schema_overrides={"language": pl.String})
    judged = videos.with_columns(error=pl.lit(None, pl.String), rejection_reason=pl.lit(None, pl.String))
    chosen = chosen_files(judged.lazy(), list_subtitles(videos).lazy()).collect()
    read = [
        uri.rpartition("/a.")[2] + "*" * is_first for uri, is_first in chosen["subtitle_uri", "is_transcript"].rows()
    ]
    assert read == expected


def test_videos_that_were_rejected_since_are_left_out():
    files = pl.LazyFrame(schema=schema_of(tables.SubtitleFiles))
    videos = pl.LazyFrame(schema=schema_of(tables.Videos))
    assert chosen_files(videos, files).collect().is_empty()
