"""Acquiring as remembered calls: local files, object stores, what is not acquired twice, and what is no video."""

from __future__ import annotations

import logging
import os
import random
import uuid
from pathlib import Path

import fsspec
import pytest
from acquisitions import acquire, candidates, fill, media
from loopback_server import Handler, answers, file
from tiny_videos import noise, write_video

from internvid_assets.home import Home
from internvid_assets.videos.assets import videos
from internvid_assets.videos.sources import Source

BODY = b"\x1aE\xdf\xa3\x42\x82webm" + random.Random(0).randbytes(3_000_000)


def table(home, name: str) -> list[dict]:
    return home.lake.scan(name, "sports").collect().to_dicts()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


def test_a_local_file_stays_where_it_is(home, folder):
    path = folder / "v.mp4"
    path.write_bytes(b"x")
    (folder / "v.en-US.vtt").write_text("WEBVTT")
    (folder / "v.srt").write_text("1")
    candidates(home, [Source(str(folder), "sports")])
    fill(home)
    (row,) = table(home, "acquired_videos")
    assert (row["media_uri"], row["media_size_bytes"]) == (f"file://{path}", 1)
    assert row["media_modified_nanoseconds"] == path.stat().st_mtime_ns
    assert row["subtitle_uris"] == [f"file://{folder}/v.en-US.vtt", f"file://{folder}/v.srt"]
    assert row["subtitle_languages"] == ["en-US", "und"]
    assert not (home.path / "media").exists()


def test_changed_subtitles_are_noticed_and_unreadable_ones_cost_no_video(home, folder, caplog):
    (folder / "v.mp4").write_bytes(b"x")
    subtitles = folder / "v.en.vtt"
    subtitles.write_text("one")
    hashes = []
    for text in ("one", "two"):
        subtitles.write_text(text)
        candidates(home, [Source(str(folder), "sports")])
        assert fill(home).calls_made == 1
        hashes += table(home, "acquired_videos")[0]["subtitle_hashes"]
    assert hashes[0] != hashes[1]
    candidates(home, [Source(str(folder), "sports")])
    subtitles.unlink()
    os.utime(folder / "v.mp4", ns=(1, 1))
    candidates(home, [Source(str(folder), "sports")])
    fill(home)
    assert table(home, "acquired_videos")[0]["subtitle_uris"] == []


def test_subtitles_that_vanish_between_listing_and_reading(home, folder, caplog):
    (folder / "v.mp4").write_bytes(b"x")
    (folder / "v.en.vtt").write_text("one")
    candidates(home, [Source(str(folder), "sports")])
    (folder / "v.en.vtt").unlink()
    with caplog.at_level(logging.WARNING):
        fill(home)
    (row,) = table(home, "acquired_videos")
    assert (row["error"], row["subtitle_uris"]) == (None, [])
    assert "cannot be read" in caplog.text


def test_a_thousand_local_files_are_all_there(home, folder):
    for i in range(1000):
        (folder / f"{i}.mp4").write_bytes(b"x")
        (folder / f"{i}.en.vtt").write_bytes(b"x")
    candidates(home, [Source(str(folder), "sports")])
    assert fill(home).rows == 1000
    assert {(row["error"], len(row["subtitle_uris"])) for row in table(home, "acquired_videos")} == {(None, 1)}


@pytest.fixture(params=["memory", "s3"])
def bucket(request: pytest.FixtureRequest) -> str:
    return f"memory://{uuid.uuid4().hex}" if request.param == "memory" else request.getfixturevalue("s3_bucket")


def put(uri: str, body: bytes) -> None:
    with fsspec.open(uri, "wb") as stream:
        stream.write(body)  # pyright: ignore[reportAttributeAccessIssue]


def test_an_object_store_prefix(open_home, bucket):
    home = open_home(object_stores='["memory", "s3"]')
    put(f"{bucket}/a/one two.webm", BODY)
    put(f"{bucket}/a/b/two.mp4", BODY[:100])
    for sidecar in ("a/one two.info.json", "a/one two.jpg", "README.md", "a/.hidden.mp4"):
        put(f"{bucket}/{sidecar}", b"x")
    rows = candidates(home, [Source(f"{bucket}/a", "sports", kind="url")])
    assert rows["source_uri"].to_list() == [f"{bucket}/a/b/two.mp4", f"{bucket}/a/one two.webm"]
    assert rows["file_size_bytes"].to_list() == [100, len(BODY)]
    fill(home)
    fetched = {row["source_uri"]: row for row in table(home, "acquired_videos")}
    assert media(home, fetched[f"{bucket}/a/one two.webm"]) == BODY
    assert fetched[f"{bucket}/a/one two.webm"]["media_uri"].endswith(".webm")

    put(f"{bucket}/a/b/two.mp4", BODY[:200])
    candidates(home, [Source(f"{bucket}/a", "sports", kind="url")])
    assert fill(home).calls_made == 1, "an object that changed is fetched again, the other is not"
    changed = {row["source_uri"]: row for row in table(home, "acquired_videos")}
    assert media(home, changed[f"{bucket}/a/b/two.mp4"]) == BODY[:200]


def test_an_object_that_is_gone_or_too_large(open_home, bucket):
    home = open_home(object_stores='["memory", "s3"]', max_bytes=50)
    put(f"{bucket}/gone.mp4", b"x")
    put(f"{bucket}/large.mp4", BODY)
    candidates(home, [Source(bucket, "sports", kind="url")])
    filesystem, path = fsspec.url_to_fs(f"{bucket}/gone.mp4", use_listings_cache=False)
    filesystem.rm_file(path)
    fill(home)
    assert [row["error"] for row in table(home, "acquired_videos")] == ["not_found", "too_large"]


def test_a_store_that_is_not_configured_is_not_opened(home):
    put("memory://closed/v.mp4", BODY)
    (row,) = acquire(home, "memory://closed/v.mp4").values()
    assert row["error"] == "unsupported_source"


STRANGE = [
    "ftp://127.0.0.1/v.mp4",
    "data:video/mp4;base64,AAAA",
    "concat:/etc/passwd|/etc/hosts",
    "simplecache::file:///etc/passwd",
    "filecache::http://127.0.0.1/v.mp4",
    "subfile,,start,0,end,10,,:/etc/passwd",
    "/etc/passwd",
    "rtmp://127.0.0.1/v",
]


@pytest.mark.parametrize("address", STRANGE)
def test_other_schemes_are_rows_with_a_reason(home, tmp_path, address):
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/l.txt").write_text(address + "\n")
    candidates(home, [Source(str(tmp_path / "lists/l.txt"), "sports", kind="list")])
    fill(home)
    (row,) = table(home, "acquired_videos")
    assert row["error"] == "unsupported_source"
    assert address.split("//")[-1].split("/")[-1] in row["error_message"]


def test_what_is_finished_is_not_asked_for_again(server, open_home):
    """Neither by the next run, nor under other limits, nor when the remembered calls are gone."""
    home = open_home()
    url = server.put("/v.webm", file(BODY))
    row = acquire(home, url)[url]
    for again in (home, open_home(max_bytes=10**9), open_home(requests_per_second=99)):
        assert acquire(again, url)[url]["media_uri"] == row["media_uri"]
    for part in home.path.glob("cells/acquired_videos/**/*.parquet"):
        part.unlink()
    assert acquire(home, url)[url]["media_uri"] == row["media_uri"]
    assert server.count()["/v.webm"] == 1


def test_other_formats_and_a_removed_file_are_fetched_again(server, open_home):
    home = open_home()
    url = server.put("/v.webm", file(BODY))
    row = acquire(home, url)[url]
    acquire(open_home(max_height_pixels=480), url)
    assert server.count()["/v.webm"] == 2
    (home.path / row["media_uri"]).unlink()
    acquire(open_home(max_height_pixels=480, max_bytes=10**9), url)
    assert server.count()["/v.webm"] == 3


def test_what_is_done_is_committed_while_others_are_still_under_way(server, open_home):
    home = open_home(connections_per_host=1)
    home = Home(home.settings.model_copy(update={"commit_seconds": 0.0}))
    committed = []

    def slow(handler: Handler) -> None:
        for _ in range(200):
            committed[:] = home.path.glob("cells/acquired_videos/**/*.parquet")
            if committed or handler.told.closing.wait(0.05):
                break
        file(BODY)(handler)

    first = server.put("/slow.webm", slow)
    others = [server.put(f"/{i}.webm", file(BODY)).replace("127.0.0.1", "localhost") for i in range(3)]
    rows = acquire(home, first, *others)
    assert committed
    assert [row["error"] for row in rows.values()] == [None] * 4


def test_one_address_from_two_sources_is_fetched_once(server, home, tmp_path):
    url = server.put("/v.webm", file(BODY))
    (tmp_path / "l.txt").write_text(url)
    candidates(home, [Source(str(tmp_path / "l.txt"), "sports", kind="list"), Source(url, "sports", kind="url")])
    fill(home)
    rows = table(home, "acquired_videos")
    assert len({row["video_id"] for row in rows}) == 2
    assert len({row["media_uri"] for row in rows}) == 1
    assert server.count()["/v.webm"] == 1


def test_an_id_that_moves_to_another_address_overwrites_nothing(server, home, tmp_path):
    lines = [server.put(f"/{name}.webm", file(BODY + name.encode())) for name in "ab"]
    for line in lines:
        (tmp_path / "l.csv").write_text(f"id,url\nsame,{line}\n")
        candidates(home, [Source(str(tmp_path / "l.csv"), "sports", kind="list")])
        fill(home)
    (row,) = table(home, "acquired_videos")
    assert row["video_id"] == "same" and media(home, row) == BODY + b"b"
    assert (home.path / "media/sports/same.webm").read_bytes() == BODY + b"a"


def test_videos_say_why_nothing_was_acquired_and_measure_the_rest(server, home, tmp_path):
    path = write_video(tmp_path / "v.mp4", [noise(i, width=640, height=368) for i in range(10)])
    good = server.put("/v.mp4", file(path.read_bytes()))
    bad, busy = server.put("/gone.mp4", answers(410)), server.put("/busy.mp4", answers(503))
    acquire(home, good, bad, busy)
    home.fill(videos, "sports")
    rows = {row["source_uri"]: row for row in table(home, "videos")}
    assert rows[good]["frame_count"] == 10 and rows[good]["media_uri"].startswith("media/sports/")
    assert (rows[bad]["error"], rows[bad]["rejection_reason"]) == ("removed", "removed")
    assert rows[busy]["rejection_reason"] == "server_error"

    server.put("/busy.mp4", file(path.read_bytes()))
    acquire(home, good, bad, busy)
    home.fill(videos, "sports")
    rows = {row["source_uri"]: row for row in table(home, "videos")}
    assert rows[busy]["content_hash"] == rows[good]["content_hash"] is not None


def test_a_moved_home_measures_and_fetches_nothing_again(server, open_home, tmp_path):
    path = write_video(tmp_path / "v.mp4", [noise(i, width=640, height=368) for i in range(10)])
    home = open_home()
    acquire(home, server.put("/v.mp4", file(path.read_bytes())))
    home.fill(videos, "sports")
    os.rename(home.path, tmp_path / "elsewhere")
    home = Home(home.settings.model_copy(update={"home": tmp_path / "elsewhere"}))
    assert fill(home).calls_made == 0
    assert home.fill(videos, "sports").calls_made == 0
    assert table(home, "videos")[0]["frame_count"] == 10
    assert media(home, table(home, "acquired_videos")[0]) == path.read_bytes()
