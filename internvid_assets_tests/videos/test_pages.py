"""Pages: yt-dlp finds the video, its metadata and subtitles; what sites refuse has a stable code."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from acquisitions import acquire, media
from loopback_server import Handler, answers, file, first_part, in_turn, page
from tiny_videos import noise, write_video

from internvid_assets.videos.hosts import Hosts
from internvid_assets.videos.pages import format_choice, page_options
from internvid_assets.videos.refusals import SAID, of_words, seconds_of


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("video") / "v.mp4"
    return write_video(path, [noise(i, width=640, height=368) for i in range(20)]).read_bytes()


def html(body: str) -> str:
    return f"<html><head><title>A dog: ../../etc</title></head><body>{body}</body></html>"


TRACK = '<track src="/v.en.vtt" srclang="en" kind="subtitles">'
ODD_TRACK = '<track src="/v.en.vtt" srclang="../../x" kind="subtitles">'
VTT = "WEBVTT\n\n00:00.000 --> 00:01.000\nA dog.\n"


def only(rows: dict[str, dict]) -> dict:
    (row,) = rows.values()
    return row


def test_the_video_of_a_page_with_what_the_page_tells(server, home, video):
    server.put("/v.mp4", file(video))
    server.put("/v.en.vtt", file(VTT.encode(), content_type="text/vtt"))
    row = only(acquire(home, server.put("/dog", page(html(f'<video src="/v.mp4">{TRACK}</video>')))))
    assert row["error"] is None, row["error_message"]
    assert media(home, row) == video
    key = row["video_id"]
    assert row["title"].startswith("A dog: ../../etc")
    assert (row["subtitle_uris"], row["subtitle_languages"]) == ([f"media/sports/{key}.en.vtt"], ["en"])
    assert (home.path / row["subtitle_uris"][0]).read_text() == VTT
    names = {
        path.relative_to(home.path / "media").as_posix() for path in home.path.glob("media/**/*") if path.is_file()
    }
    assert names == {f"sports/{key}.{ending}" for ending in ("mp4", "en.vtt", "info.json", "receipt.json")}
    assert json.loads((home.path / f"media/sports/{key}.info.json").read_text())["title"] == row["title"]


def test_a_page_is_known_by_its_bytes_where_its_type_lies(server, home, video):
    server.put("/v.mp4", file(video))
    behaviour = file(html('<video src="/v.mp4"></video>').encode(), content_type="video/mp4")
    row = only(acquire(home, server.put("/liar", behaviour)))
    assert row["error"] == "no_video_on_page", "yt-dlp believes the type; a page is never kept as a video"
    assert not list(home.path.glob("media/sports/*"))


def test_what_a_page_says_never_becomes_a_path(server, home, video):
    server.put("/v.mp4", file(video))
    server.put("/v.en.vtt", file(VTT.encode(), content_type="text/vtt"))
    row = only(acquire(home, server.put("/dog", page(html(f'<video src="/v.mp4">{ODD_TRACK}</video>')))))
    assert row["error"] == "unsafe_name", row["error_message"]
    assert not list(home.path.glob("media/sports/*"))


def test_a_playlist_file_is_followed_by_fragments(server, home, tmp_path):
    transport = write_video(tmp_path / "v.ts", [noise(i, width=640, height=368) for i in range(20)]).read_bytes()
    server.put("/seg.ts", file(transport, content_type="video/mp2t"))
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:2.0,\nseg.ts\n#EXT-X-ENDLIST\n"
    url = server.put("/v.m3u8", file(playlist.encode(), content_type="application/vnd.apple.mpegurl"))
    row = only(acquire(home, url))
    assert row["error"] is None, row["error_message"]
    assert media(home, row) == transport


PAGES = [
    ("", "no_video_on_page"),
    ('<video src="/v.mp4"></video><video src="/w.mp4"></video>', "several_videos"),
    ('<video src="/absent.mp4"></video>', "not_found"),
    ('<video src="/forbidden.mp4"></video>', "forbidden"),
    ('<video src="/busy.mp4"></video>', "server_error"),
]


@pytest.mark.parametrize(("body", "code"), PAGES)
def test_pages_without_the_one_video(server, home, video, body, code):
    server.put("/v.mp4", file(video))
    server.put("/w.mp4", file(video))
    server.put("/forbidden.mp4", answers(403))
    server.put("/busy.mp4", answers(503))
    row = only(acquire(home, server.put("/page", page(html(body)))))
    assert row["error"] == code, row["error_message"]
    assert not list(home.path.glob("media/sports/*.downloading")) or code == "server_error"


def test_a_broken_download_behind_a_page_is_begun_anew(server, home, video):
    """Nothing says that the second answer is the same file, so nothing of the first is used."""
    half = first_part(video, len(video) // 2, Handler.reset)
    server.put("/v.mp4", in_turn(half, half, file(video)))
    row = only(acquire(home, server.put("/page", page(html('<video src="/v.mp4"></video>')))))
    assert row["error"] is None, row["error_message"]
    assert media(home, row) == video


def test_a_file_behind_a_page_may_be_too_large(server, open_home, video):
    server.put("/v.mp4", file(video))
    row = only(acquire(open_home(max_bytes=10_000), server.put("/page", page(html('<video src="/v.mp4"></video>')))))
    assert row["error"] == "too_large"


FORMATS = [
    ([240, 360, 480, 720, 1080, None], 720),
    ([240, 480, 1080], 480),
    ([1080, 2160], 1080),
    ([144, 240], None),
    ([360], 360),
]


@pytest.mark.parametrize(("heights", "chosen"), FORMATS)
def test_the_format_is_the_best_up_to_720_and_at_least_360(heights, chosen):
    """InternVid 3.1, as yt-dlp itself chooses among formats."""
    from yt_dlp import YoutubeDL

    formats = [
        {"format_id": str(h), "url": f"http://x/{h}", "ext": "mp4", "height": h, "vcodec": "h264", "acodec": "none"}
        for h in heights
        if h
    ]
    sound = {"format_id": "sound", "url": "http://x/a", "ext": "m4a", "vcodec": "none", "acodec": "aac"}
    library = YoutubeDL({"quiet": True})  # pyright: ignore[reportArgumentType]
    select = library.build_format_selector(format_choice(min_height_pixels=360, max_height_pixels=720))
    given = {"formats": [sound, *formats], "incomplete_formats": False, "has_merged_format": False}
    picked = [form["format_id"] for form in select(given)]
    assert picked == ([str(chosen)] if chosen else []) + ["sound"]


SUBTITLES = [
    (["json3", "srv1", "srv2", "srv3", "ttml", "srt", "vtt"], "json3"),
    (["srv3", "vtt", "ttml"], "vtt"),
    (["srt", "ttml", "srv3"], "ttml"),
    (["ass", "srt"], "ass"),
    (["vtt", "srt"], "vtt"),
    (["srv3"], "srv3"),
]
"""The first as YouTube offers them. Its own XML, which nothing here reads, comes where nothing else is to be had."""


@pytest.mark.parametrize(("offered", "chosen"), SUBTITLES)
def test_subtitles_come_in_a_format_that_is_read(home, tmp_path, offered, chosen):
    """As yt-dlp itself chooses: every language, automatic captions where nobody wrote any, no chats."""
    from yt_dlp import YoutubeDL

    def each(name: str) -> list[dict]:
        return [{"url": f"http://x/{name}.{ending}", "ext": ending} for ending in offered]

    options = page_options(tmp_path, Hosts(1), "http://x", home.settings.acquired_videos)
    library = YoutubeDL(options)  # pyright: ignore[reportArgumentType]
    written, automatic = {"en": each("written"), "live_chat": each("chat")}, {"en": each("heard"), "de": each("heard")}
    picked = library.process_subtitles("x", written, automatic)
    assert {tag: told["url"] for tag, told in (picked or {}).items()} == {
        "en": f"http://x/written.{chosen}",
        "de": f"http://x/heard.{chosen}",
    }


def test_all_formats_are_sorted_as_expected():
    assert all(sorted(h for h in heights if h) == [h for h in heights if h] for heights, _ in FORMATS)
    assert all(a[0] != b[0] for a, b in pairwise(FORMATS))


WORDS = [
    ("[youtube] x: Private video. Sign in if you've been granted access to this video", "private_video", False),
    ("[youtube] x: Video unavailable. This video has been removed by the uploader", "removed", False),
    ("[youtube] x: Video unavailable", "removed", False),
    ("[youtube] x: This video is no longer available because the account has been terminated", "removed", False),
    ("[youtube] x: The uploader has not made this video available in your country", "geo_blocked", False),
    (
        "[youtube] x: Sign in to confirm your age. This video may be inappropriate for some users",
        "age_restricted",
        False,
    ),
    ("[youtube] x: Sign in to confirm you're not a bot. Use --cookies", "rate_limited", True),
    ("[youtube] x: Join this channel to get access to members-only content", "login_required", False),
    ("[youtube] x: This live event will begin in 2 hours", "live_stream", False),
    ("[youtube] x: Requested format is not available", "no_suitable_format", False),
    ("The extracted extension ('../x') is unusual and will be skipped for safety reasons", "unsafe_name", False),
    ("[Some] x: This video is DRM protected", "drm_protected", False),
    ("[generic] x: Unable to download webpage: HTTP Error 404: Not Found", "not_found", False),
    ("[generic] x: Unable to download webpage: HTTP Error 429: Too Many Requests", "rate_limited", True),
    ("[generic] x: HTTPConnection: Failed to establish a new connection", "connection_failed", True),
    ("[generic] x: The read operation timed out", "timed_out", True),
    ("[x] something that nobody has seen before", "extraction_failed", True),
]


@pytest.mark.parametrize(("told", "code", "may_pass"), WORDS)
def test_what_sites_say(told, code, may_pass):
    error = of_words(f"ERROR: {told}", "https://example.org/x")
    assert (error.code, error.retryable) == (code, may_pass)
    assert "\n" not in error.message and "https://example.org/x" in error.message


def test_every_code_of_the_table_has_an_example():
    assert {code for _, code, _ in SAID} - {code for _, code, _ in WORDS} == {"no_video_on_page"}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 0), ("7", 7), ("1.5", 1.5), ("soon", 0), ("-3", 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0)],
)
def test_retry_after(header, seconds):
    assert seconds_of(header) == seconds


def test_nothing_is_written_where_the_command_runs(server, home, video, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    server.put("/v.mp4", file(video))
    acquire(home, server.put("/page", page(html('<video src="/v.mp4"></video>'))))
    assert list(Path().iterdir()) == []
