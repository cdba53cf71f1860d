"""Subtitle files of every format to the same cues; broken ones to a reason."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from internvid_assets.cells.errors import CallError
from internvid_assets.transcripts.subtitles import MAX_BYTES, decoded, read_subtitles

YOUTUBE = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:02.389 align:start position:0%
·
hello<00:00:00.480><c> everyone</c><00:00:01.000><c> &amp;</c>

00:00:02.389 --> 00:00:02.399 align:start position:0%
hello everyone &amp;
·

00:00:02.399 --> 00:00:04.789 align:start position:0%
hello everyone &amp;
welcome<00:00:02.720><c> to</c><00:00:03.000><c> the</c>

00:00:04.789 --> 00:00:04.799 align:start position:0%
welcome to the
·

00:00:04.799 --> 00:00:07.000 align:start position:0%
welcome to the
[Music]

00:00:07.000 --> 00:00:07.010 align:start position:0%
[Music]
·

00:00:07.010 --> 00:00:09.000 align:start position:0%
·
the<00:00:07.500><c> the</c><00:00:08.000><c> show</c>
""".replace("·", " ")
"""Automatic captions as YouTube serves them: each line is shown twice more, and words have times.

`·` stands for a line that holds one space.
"""

JSON3 = """{"wireMagic": "pb3", "events": [
  {"tStartMs": 0, "dDurationMs": 9000, "id": 1, "wpWinPosId": 1},
  {"tStartMs": 160, "dDurationMs": 4629, "wWinId": 1, "segs": [
    {"utf8": "hello", "acAsrConf": 0}, {"utf8": " everyone", "tOffsetMs": 320}, {"utf8": " &", "tOffsetMs": 840}]},
  {"tStartMs": 2389, "aAppend": 1, "wWinId": 1, "segs": [{"utf8": "\\n"}]},
  {"tStartMs": 2399, "dDurationMs": 4601, "wWinId": 1, "segs": [
    {"utf8": "welcome"}, {"utf8": " to", "tOffsetMs": 321}, {"utf8": " the", "tOffsetMs": 601}]},
  {"tStartMs": 4799, "dDurationMs": 2201, "wWinId": 1, "segs": [{"utf8": "[Music]"}]},
  {"tStartMs": 7010, "dDurationMs": 1990, "wWinId": 1, "segs": [
    {"utf8": "the"}, {"utf8": " the", "tOffsetMs": 490}, {"utf8": " show", "tOffsetMs": 990}]}]}"""
"""The same captions in YouTube's own format."""

WORDS = [
    (" hello", 0.16, 0.48),
    (" everyone", 0.48, 1.0),
    (" &", 1.0, 2.389),
    (" welcome", 2.399, 2.72),
    (" to", 2.72, 3.0),
    (" the", 3.0, 4.789),
    (" the", 7.01, 7.5),
    (" the", 7.5, 8.0),
    (" show", 8.0, 9.0),
]


def read(folder: Path, text: str | bytes, *, name: str = "talk.en.vtt", is_automatic: bool = False) -> list[dict]:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return read_subtitles(str(folder / name), is_automatic=is_automatic)


def words(rows: list[dict]) -> list[tuple[str, float, float]]:
    times = ("words", "word_starts_seconds", "word_ends_seconds")
    return [word for row in rows for word in zip(*(row[name] for name in times), strict=True)]


def test_rolling_captions_have_every_word_once_at_its_time(tmp_path: Path):
    rows = read(tmp_path, YOUTUBE)
    assert words(rows) == WORDS
    assert [row["text"] for row in rows] == ["hello everyone &", "welcome to the", "the the show"]
    assert {row["origin"] for row in rows} == {"automatic_subtitle"}


def test_json3_has_the_same_words(tmp_path: Path):
    """A line's last word lasts until the next line appears: 10 ms more than WebVTT grants it."""
    rows = read(tmp_path, JSON3)
    assert [(text, start) for text, start, _ in words(rows)] == [(text, start) for text, start, _ in WORDS]
    assert [end for *_, end in words(rows)] == pytest.approx([end for *_, end in WORDS], abs=0.011)
    assert {row["origin"] for row in rows} == {"automatic_subtitle"}


def test_captions_that_were_converted_to_srt_still_roll(tmp_path: Path):
    cues = ["hello all", "hello all", "hello all\nwelcome", "welcome", "welcome\nto the show", "to the show"]
    times = [(0, 1.99), (1.99, 2), (2, 3.99), (3.99, 4), (4, 5.99), (5.99, 6)]
    clocks = [f"00:00:{start:06.3f} --> 00:00:{end:06.3f}".replace(".", ",") for start, end in times]
    blocks = [f"{i}\n{clock}\n{text}\n" for i, (clock, text) in enumerate(zip(clocks, cues, strict=True), start=1)]
    assert [row["text"] for row in read(tmp_path, "\n".join(blocks))] == ["hello all", "welcome", "to the show"]


PLAIN = {
    "vtt": "WEBVTT\n\nNOTE by nobody\n\n1\n00:01.000 --> 00:03.000\n<v Ann>Hi <b>there</b>\n\n"
    "00:00:03.500 --> 00:00:04.000 line:0\n- No.\n- Yes &lt;3\n",
    "srt": "1\n00:00:01,000 --> 00:00:03,000\n<i>Hi</i> there\n\n2\n00:00:03,500 --> 00:00:04,000\n- No.\n- Yes <3\n",
    "ass": "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n"
    "[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:03.50,0:00:04.00,Default,,0,0,0,,- No.\\N- Yes <3\n"
    "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\i1}Hi{\\i0} there\n"
    "Comment: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,to be checked\n"
    "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}\n",
    "ssa": "[Script Info]\nScriptType: v4.00\n\n[V4 Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n[Events]\n"
    "Format: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: Marked=0,0:00:01.00,0:00:03.00,Default,,0,0,0,,Hi there\n"
    "Dialogue: Marked=0,0:00:03.50,0:00:04.00,Default,,0,0,0,,- No.\\N- Yes <3\n",
    "json3": '{"events": [{"tStartMs": 1000, "dDurationMs": 2000, "segs": [{"utf8": "Hi there"}]},'
    '{"tStartMs": 3500, "dDurationMs": 500, "segs": [{"utf8": "- No.\\n- Yes <3"}]}]}',
    "ttml": '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="00:00:01.000" end="00:00:03.000">Hi there</p>'
    '<p begin="00:00:03.500" end="00:00:04.000">- No.<br/>- Yes &lt;3</p></div></body></tt>',
}


@pytest.mark.parametrize("ending", PLAIN)
def test_every_format_gives_the_same_cues(ending: str, tmp_path: Path):
    rows = read(tmp_path, PLAIN[ending], name="talk.srt")  # the text decides, whatever the name says
    told = [(row["cue"], row["start_seconds"], row["end_seconds"], row["text"]) for row in rows]
    assert told == [(0, 1.0, 3.0, "Hi there"), (1, 3.5, 4.0, "- No. - Yes <3")]
    assert {row["origin"] for row in rows} == {"subtitle"}
    assert words(rows)[:2] == [(" Hi", 1.0, pytest.approx(1 + 4 / 7)), (" there", pytest.approx(1 + 4 / 7), 3.0)]


def test_a_file_whose_name_says_so_is_automatic(tmp_path: Path):
    assert read(tmp_path, PLAIN["srt"], is_automatic=True)[0]["origin"] == "automatic_subtitle"


ENCODINGS = [
    ("naïve 视频".encode(), "naïve 视频"),
    (codecs.BOM_UTF8 + "naïve".encode(), "naïve"),
    (codecs.BOM_UTF16_LE + "naïve".encode("utf-16-le"), "naïve"),
    (codecs.BOM_UTF16_BE + "naïve".encode("utf-16-be"), "naïve"),
    ("naïve “quoted”".encode("cp1252"), "naïve “quoted”"),
    (b"\x81 na\xefve", "\x81 naïve"),
]


@pytest.mark.parametrize(("data", "text"), ENCODINGS)
def test_encodings(data: bytes, text: str):
    assert decoded(data) == text


def test_a_file_in_utf_16_is_read(tmp_path: Path):
    assert read(tmp_path, PLAIN["srt"].encode("utf-16"))[0]["text"] == "Hi there"


BROKEN = [
    (b"", "file_empty"),
    (b"\x00\x01\x02", "subtitles_unreadable"),
    (b"just a note", "subtitles_unreadable"),
    (b'{"events": 3}', "subtitles_unreadable"),
    (b'{"events": [{"segs": [{"utf8": "no time"}]}]}', "subtitles_unreadable"),
    (b'{"events": [', "subtitles_unreadable"),
    (b"<tt xmlns='http://www.w3.org/ns/ttml'><body>", "subtitles_unreadable"),
    (b"WEBVTT\n", "subtitles_empty"),
    (b"WEBVTT\n\n00:xx --> 00:09.000\nhi\n", "subtitles_empty"),
    (b"WEBVTT\n\n00:01.000 --> 00:02.000\n[Music]\n", "subtitles_empty"),
    (b"[" * 200_000, "subtitles_unreadable"),
    (b"{" * 200_000, "subtitles_unreadable"),
]


@pytest.mark.parametrize(("data", "code"), BROKEN)
def test_a_broken_file_has_a_reason_on_one_line(data: bytes, code: str, tmp_path: Path):
    with pytest.raises(CallError) as caught:
        read(tmp_path, data)
    assert caught.value.code == code and not caught.value.retryable
    assert "\n" not in caught.value.message


def test_a_missing_and_a_huge_file_have_a_reason(tmp_path: Path):
    with pytest.raises(CallError, match="file_missing"):
        read_subtitles(str(tmp_path / "gone.vtt"), is_automatic=False)
    with open(tmp_path / "huge.vtt", "wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(CallError, match="larger than 32 MB"):
        read_subtitles(str(tmp_path / "huge.vtt"), is_automatic=False)


def test_one_bad_cue_loses_no_other(tmp_path: Path):
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\none\n\n00:xx --> 00\nbad\n\n00:05.000 --> 00:04.000\nthree\n"
    assert [(row["text"], row["end_seconds"]) for row in read(tmp_path, text)] == [("one", 2.0), ("three", 5.0)]
