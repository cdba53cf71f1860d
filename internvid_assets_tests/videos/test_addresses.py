"""What a text that names a video means, and where strangers may not lead us."""

from __future__ import annotations

import pytest
from acquisitions import acquire, media
from loopback_server import Behaviour, file, in_turn, leads_to, page
from tiny_videos import noise, write_video

from internvid_assets.media.addresses import is_youtube_list, leads_inside, scheme_of, youtube_id

ID = "dQw4w9WgXcQ"
YOUTUBE = [
    (ID, ID),
    (f"https://www.youtube.com/watch?v={ID}&t=3s", ID),
    (f"http://m.youtube.com/watch?list=PL1&v={ID}", ID),
    (f"https://youtu.be/{ID}?si=x", ID),
    (f"https://www.youtube.com/shorts/{ID}", ID),
    (f"https://www.youtube-nocookie.com/embed/{ID}", ID),
    ("https://www.youtube.com/playlist?list=PLabcdefghijk", None),
    ("https://www.youtube.com/@a_channel01/videos", None),
    ("https://www.youtube.com/channel/UCabcdefghi", None),
    (f"https://youtube.com.example.org/watch?v={ID}", None),
    (f"https://example.org/watch?v={ID}", None),
    ("too short", None),
    ("https://[broken/watch", None),
]


@pytest.mark.parametrize(("text", "expected"), YOUTUBE)
def test_youtube_ids(text, expected):
    assert youtube_id(text) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.youtube.com/playlist?list=PL1", True),
        ("https://www.youtube.com/@someone", True),
        ("https://www.youtube.com/@someone/videos", True),
        ("https://www.youtube.com/channel/UC1/streams", True),
        (f"https://www.youtube.com/watch?v={ID}", False),
        ("https://example.org/playlist", False),
    ],
)
def test_youtube_lists(url, expected):
    assert is_youtube_list(url) == expected


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("HTTPS://x/y", "https"),
        ("s3://bucket/key", "s3"),
        ("/a/b.mp4", ""),
        ("a:b.mp4", ""),
        ("simplecache::s3://bucket/key", "chained"),
        ("concat:a.ts|b.ts", ""),
    ],
)
def test_schemes(text, scheme):
    assert scheme_of(text) == scheme


PUBLIC = "http://93.184.216.34/"
INSIDE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0.0.0.0/",
    "http://localhost:8000/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[::ffff:10.0.0.1]/",
]


@pytest.mark.parametrize("target", INSIDE)
def test_public_addresses_lead_to_no_private_one(target):
    assert leads_inside(PUBLIC, target)
    assert not leads_inside("http://127.0.0.1:8000/", target), "what the user named himself may stay inside"


@pytest.mark.parametrize("target", [PUBLIC, "http://[2606:2800:220:1::1]/", "https://does-not.exist.invalid/"])
def test_public_addresses_lead_to_public_ones(target):
    assert not leads_inside(PUBLIC, target)


@pytest.fixture
def internet(server, monkeypatch):
    """The server as a proxy: it answers for every address, public ones too."""
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, server.url(""))
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return server


SECRET = "http://169.254.169.254/secret.mp4"


def test_a_redirect_does_not_reach_inside(internet, home):
    internet.behaviours[f"{PUBLIC}v.mp4"] = leads_to(SECRET)
    internet.behaviours[SECRET] = file(b"secret")
    (row,) = acquire(home, f"{PUBLIC}v.mp4").values()
    assert row["error"] == "private_address" and SECRET in row["error_message"]
    assert SECRET not in internet.count()


def test_a_page_does_not_reach_inside(internet, home):
    internet.behaviours[f"{PUBLIC}page"] = page(f'<html><body><video src="{SECRET}"></video></body></html>')
    internet.behaviours[SECRET] = file(b"secret")
    (row,) = acquire(home, f"{PUBLIC}page").values()
    assert row["error"] == "private_address", row["error_message"]
    assert SECRET not in internet.count()


def test_a_redirect_of_a_page_does_not_reach_inside(internet, home):
    """Neither of the page itself, nor of the video on it; yt-dlp would follow both by itself."""
    moved, video = f"{PUBLIC}moved", f"{PUBLIC}v.mp4"
    internet.behaviours[f"{PUBLIC}page"] = page(f'<html><body><video src="{video}"></video></body></html>')
    internet.behaviours[f"{PUBLIC}list.m3u8"] = in_turn(playlist_of(f"{PUBLIC}s.ts"), leads_to(SECRET))
    internet.behaviours[video] = internet.behaviours[f"{PUBLIC}s.ts"] = leads_to(moved)
    internet.behaviours[moved] = leads_to(SECRET)
    internet.behaviours[SECRET] = file(b"secret")
    rows = acquire(home, f"{PUBLIC}page", f"{PUBLIC}list.m3u8")
    assert [row["error"] for row in rows.values()] == ["private_address"] * 2, rows
    assert SECRET not in internet.count()


def test_a_redirect_of_a_page_is_followed(server, home, tmp_path):
    body = write_video(tmp_path / "v.mp4", [noise(i, width=640, height=368) for i in range(10)]).read_bytes()
    server.put("/moved.mp4", file(body))
    server.put("/v.mp4", leads_to(server.url("/moved.mp4")))
    (row,) = acquire(home, server.put("/page", page('<html><body><video src="/v.mp4"></video></body></html>'))).values()
    assert row["error"] is None, row["error_message"]
    assert media(home, row) == body


def test_a_user_may_allow_it(internet, open_home):
    internet.behaviours[f"{PUBLIC}v.mp4"] = leads_to(SECRET)
    internet.behaviours[SECRET] = file(b"secret")
    home = open_home(allow_private_addresses="true")
    (row,) = acquire(home, f"{PUBLIC}v.mp4").values()
    assert media(home, row) == b"secret"


def playlist_of(segment: str) -> Behaviour:
    lines = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\n{segment}\n#EXT-X-ENDLIST\n"
    return file(lines.encode(), content_type="application/vnd.apple.mpegurl")


def test_a_playlist_does_not_reach_inside(internet, home):
    internet.behaviours[f"{PUBLIC}v.m3u8"] = playlist_of(SECRET)
    internet.behaviours[SECRET] = file(b"secret")
    (row,) = acquire(home, f"{PUBLIC}v.m3u8").values()
    assert row["error"] == "private_address", row["error_message"]
    assert SECRET not in internet.count()


@pytest.mark.parametrize("segment", ["file:///etc/hostname", "ftp://127.0.0.1/v.ts"])
def test_a_playlist_leads_to_the_web_only(server, home, segment):
    url = server.put("/v.m3u8", playlist_of(segment))
    (row,) = acquire(home, url).values()
    assert row["error"] == "unsupported_source", row["error_message"]
