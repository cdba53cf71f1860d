"""Files over HTTP from a server that stalls, resets, truncates, redirects, refuses and lies: whole, or a reason."""

from __future__ import annotations

import base64
import hashlib
import random
from email.utils import formatdate
from time import monotonic, time

import pytest
from acquisitions import acquire, media
from loopback_server import Handler, answers, drip, file, first_part, in_turn, leads_to, stall

BODY = b"\x00\x00\x00\x20ftypisom" + random.Random(0).randbytes(200_000)
OTHER = b"\x00\x00\x00\x20ftypisom" + random.Random(1).randbytes(200_000)
SENT = 120_000


def only(rows: dict[str, dict]) -> dict:
    (row,) = rows.values()
    return row


def test_a_file_is_fetched_whole_and_named_after_its_key_and_its_bytes(server, home):
    row = only(acquire(home, server.put("/some%2F..%2Fname.exe?x=1", file(BODY))))
    assert row["error"] is None, row["error_message"]
    assert row["media_uri"] == f"media/sports/{row['video_id']}.mp4"
    assert media(home, row) == BODY
    assert row["media_size_bytes"] == len(BODY)
    assert sorted(path.name for path in (home.path / "media/sports").iterdir()) == [
        f"{row['video_id']}.mp4",
        f"{row['video_id']}.receipt.json",
    ]


ENDS = [Handler.reset, Handler.cut, stall]


@pytest.mark.parametrize("end", ENDS, ids=["reset", "truncated", "stalled"])
def test_a_broken_download_is_continued_where_it_stopped(server, home, end):
    url = server.put("/v.mp4", in_turn(first_part(BODY, SENT, end), file(BODY)))
    row = only(acquire(home, url))
    assert media(home, row) == BODY
    first, second = server.ranges("/v.mp4")
    assert (first, second) == (None, f"bytes={SENT}-")


@pytest.mark.parametrize("end", ENDS, ids=["reset", "truncated", "stalled"])
def test_one_that_always_breaks_is_no_video_and_goes_on_in_the_next_run(server, home, end):
    url = server.put("/v.mp4", first_part(BODY, SENT, end))
    row = only(acquire(home, url))
    assert row["error"] in ("connection_failed", "truncated_download", "timed_out")
    assert row["media_uri"] is None and not list(home.path.glob("media/sports/*.mp4"))
    server.put("/v.mp4", file(BODY))
    row = only(acquire(home, url))
    assert (row["error"], row["attempts"]) == (None, 2)
    assert server.ranges("/v.mp4")[-1] == f"bytes={SENT}-"
    assert media(home, row) == BODY


@pytest.mark.parametrize(
    "again",
    [
        file(OTHER),
        file(OTHER, ranges=False),
        lambda handler: file(OTHER)(_blind_to_if_range(handler)),
        in_turn(answers(416), file(OTHER)),
    ],
    ids=["if_range", "no_ranges", "if_range_ignored", "shorter_now"],
)
def test_a_file_that_changed_in_between_is_begun_anew(server, home, again):
    row = only(acquire(home, server.put("/v.mp4", in_turn(first_part(BODY, SENT, Handler.reset), again))))
    assert row["error"] is None, row["error_message"]
    assert media(home, row) == OTHER


def _blind_to_if_range(handler: Handler) -> Handler:
    del handler.headers["if-range"]
    return handler


def test_without_a_validator_nothing_is_continued(server, home):
    def anonymous(handler: Handler) -> None:
        handler.begin(200, len(BODY))
        handler.wfile.write(BODY[:SENT])
        handler.cut()

    row = only(acquire(home, server.put("/v.mp4", in_turn(anonymous, file(BODY)))))
    assert server.ranges("/v.mp4") == [None, None]
    assert media(home, row) == BODY


STATUSES = [
    (401, "forbidden", 1),
    (403, "forbidden", 1),
    (404, "not_found", 1),
    (410, "removed", 1),
    (451, "geo_blocked", 1),
    (418, "refused", 1),
    (204, "refused", 1),
    (408, "timed_out", 3),
    (429, "rate_limited", 3),
    (500, "server_error", 3),
    (503, "server_error", 3),
]


@pytest.mark.parametrize(("status", "code", "requests"), STATUSES)
def test_a_status_is_a_reason_and_is_tried_again_where_it_may_pass(server, home, status, code, requests):
    url = server.put("/v.mp4", answers(status))
    row = only(acquire(home, url))
    assert (row["error"], row["media_uri"]) == (code, None)
    assert url in row["error_message"]
    assert server.count()["/v.mp4"] == requests
    acquire(home, url)
    assert server.count()["/v.mp4"] == requests * (2 if requests > 1 else 1), "the permanent are not asked for again"


def test_what_passes_is_fetched_in_the_same_run(server, home):
    url = server.put("/v.mp4", in_turn(answers(503), answers(500), file(BODY)))
    row = only(acquire(home, url))
    assert (row["error"], row["attempts"]) == (None, 1)


@pytest.mark.parametrize("wait", ["0.6", lambda: formatdate(time() + 2, usegmt=True)], ids=["seconds", "date"])
def test_a_host_that_asks_to_wait_is_left_alone_by_all(server, open_home, wait):
    told = wait if isinstance(wait, str) else wait()
    moments: list[float] = []

    def busy_once(handler: Handler) -> None:
        moments.append(monotonic())
        (answers(429, Retry_After=told) if len(moments) == 1 else file(BODY))(handler)

    urls = [server.put(f"/{i}.mp4", busy_once) for i in range(3)]
    rows = acquire(open_home(connections_per_host=1, max_wait_seconds=5), *urls)
    assert [row["error"] for row in rows.values()] == [None] * 3
    assert min(moments[1:]) - moments[0] >= 0.5


def test_a_host_that_asks_for_too_long_a_wait_ends_the_call(server, home):
    row = only(acquire(home, server.put("/v.mp4", answers(429, Retry_After="3600"))))
    assert row["error"] == "rate_limited"
    assert server.count()["/v.mp4"] == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server, home, status):
    server.put("/there.mp4", file(BODY))
    row = only(acquire(home, server.put("/here", leads_to("/there.mp4", status))))
    assert media(home, row) == BODY


def test_redirects_end(server, home):
    row = only(acquire(home, server.put("/loop", leads_to("/loop"))))
    assert row["error"] == "too_many_redirects"
    assert server.count()["/loop"] == 6


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "ftp://127.0.0.1/v.mp4", "data:video/mp4;base64,AAAA", "gopher://x"]
)
def test_redirects_leave_the_web_for_nothing(server, home, to):
    assert only(acquire(home, server.put("/here", leads_to(to))))["error"] == "unsupported_source"


def test_a_length_that_is_too_short_cuts_nothing_of_the_next_file(server, home):
    """The server says less than it sends: what was promised is what counts, and the connection is not used again."""
    liar = first_part(BODY, len(BODY), Handler.cut, length=1000)
    rows = acquire(home, server.put("/liar.mp4", liar), server.put("/honest.mp4", file(OTHER)))
    assert media(home, rows[server.url("/honest.mp4")]) == OTHER
    assert rows[server.url("/liar.mp4")]["media_size_bytes"] == 1000


def test_a_length_that_is_too_long_is_never_a_whole_file(server, home):
    liar = first_part(BODY, len(BODY), Handler.cut, length=len(BODY) + 5)
    row = only(acquire(home, server.put("/v.mp4", liar)))
    assert row["error"] in ("truncated_download", "changed_at_source")
    assert not list(home.path.glob("media/sports/*.mp4"))


def test_a_digest_is_checked(server, home):
    def digest(body: bytes) -> str:
        return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"

    good = server.put("/good.mp4", file(BODY, Repr_Digest=digest(BODY)))
    bad = server.put("/bad.mp4", file(BODY, Repr_Digest=digest(OTHER)))
    md5 = server.put("/md5.mp4", file(BODY, Content_MD5=base64.b64encode(hashlib.md5(OTHER).digest()).decode()))
    rows = acquire(home, good, bad, md5)
    assert [rows[url]["error"] for url in (good, bad, md5)] == [None, "digest_mismatch", "digest_mismatch"]


def test_a_slow_drip_is_given_up(server, open_home):
    home = open_home(tries=1, stall_timeout_seconds=0.4, min_bytes_per_second=1000)
    assert only(acquire(home, server.put("/v.mp4", drip(BODY, pause_seconds=0.05))))["error"] == "too_slow"


@pytest.mark.parametrize("tells_length", [True, False])
def test_too_large_files_are_not_fetched_to_their_end(server, open_home, tells_length):
    def endless(handler: Handler) -> None:
        handler.begin(200, None)
        while not handler.told.closing.is_set():
            handler.wfile.write(BODY)

    home = open_home(max_bytes=100_000)
    row = only(acquire(home, server.put("/v.mp4", file(BODY) if tells_length else endless)))
    assert row["error"] == "too_large"
    assert "acquired_videos.max_bytes" in row["error_message"]


def test_a_host_that_is_not_there(home):
    row = only(acquire(home, "http://127.0.0.1:9/v.mp4"))
    assert row["error"] == "connection_failed"


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://a b/", "https://\x00/v.mp4", "http://xn--\udcff/"])
def test_addresses_that_are_none(home, url):
    row = only(acquire(home, url.encode("utf-8", "replace").decode()))
    assert row["error"] in ("unsupported_source", "connection_failed")


def test_hosts_see_few_connections_and_a_rate(server, open_home):
    urls = [server.put(f"/{i}.mp4", file(BODY)) for i in range(24)]
    started = monotonic()
    rows = acquire(open_home(connections_per_host=2, requests_per_second=40), *urls)
    assert [row["error"] for row in rows.values()] == [None] * 24
    assert server.most_at_once <= 2
    assert monotonic() - started >= 23 / 40
