"""Which video a subtitle file belongs to, by its name, and in which language it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from internvid_assets.videos.folders import files_in
from internvid_assets.videos.subtitle_names import language_tag, stems

TAGS = {
    "talk.vtt": "und",
    "talk.en-US.vtt": "en-US",
    "talk.pt_BR.ass": "pt_BR",
    "talk.en.sdh.srt": "en",
    "talk.sdh.en.srt": "en",
    "talk.en.hi.srt": "en",
    "talk.hi.srt": "hi",
    "talk.de.auto.vtt": "de",
    "talk.auto.vtt": "und",
    "talk.en-orig.json3": "en-orig",
    "talk.the end.vtt": "und",
    "talk.../../x.vtt": "und",
}


@pytest.mark.parametrize("name", TAGS)
def test_a_tag_stands_between_stem_and_ending(name: str):
    assert language_tag(name, "talk") == TAGS[name]


def test_a_stem_with_dots_holds_no_tag():
    assert language_tag("S01E01.Pilot.srt", "S01E01.Pilot") == "und"
    assert language_tag("a.de.fr.srt", "a.de") == "fr"


def test_at_most_one_word_beyond_a_stem_is_no_mark():
    assert list(stems("a.b.en.sdh.vtt")) == ["a.b.en.sdh", "a.b.en", "a.b"]
    assert list(stems("talk.vtt")) == ["talk"]


BESIDE = ["a.mp4", "a.b.mp4", "a.vtt", "a.fr.vtt", "a.de.auto.vtt", "a.b.en.sdh.srt", "a.part2.en.vtt", "ab.en.vtt"]


def test_files_go_to_the_video_with_the_longest_stem(tmp_path: Path):
    for name in BESIDE:
        (tmp_path / name).touch()
    found = {Path(video.path).name: [Path(path).name for path in video.subtitles] for video in files_in(str(tmp_path))}
    assert found == {"a.mp4": ["a.de.auto.vtt", "a.fr.vtt", "a.vtt"], "a.b.mp4": ["a.b.en.sdh.srt"]}
