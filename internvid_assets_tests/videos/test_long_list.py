"""A list of 10,000 lines of which 5 % fail: every line is a row, acquired or with its reason."""

from __future__ import annotations

import random
from collections import Counter
from time import monotonic

import polars as pl
import pytest
from acquisitions import candidates, fill
from loopback_server import Behaviour, Handler, answers, file, leads_to

from internvid_assets.videos.sources import Source

LINES = 10_000
FAILURES: list[tuple[str, Behaviour | None, str | set[str]]] = [
    ("404", answers(404), "not_found"),
    ("403", answers(403), "forbidden"),
    ("410", answers(410), "removed"),
    ("500", answers(500), "server_error"),
    ("429", answers(429), "rate_limited"),
    ("reset", Handler.reset, "connection_failed"),
    ("loop", leads_to("/loop"), "too_many_redirects"),
    ("truncated", lambda handler: (handler.begin(200, 99), handler.cut())[-1], "truncated_download"),
    ("ftp", None, "unsupported_source"),
    ("nothing", None, "line_not_understood"),
]
"""A line in twenty, each kind as often as the others."""


@pytest.fixture
def lines(server) -> tuple[list[str], list[str | None]]:
    """The lines of a csv with a title column, and the code that each must end with."""
    server.behaviours |= {f"/{name}": behaviour for name, behaviour, _ in FAILURES if behaviour}
    texts, codes = [], []
    for number in range(LINES):
        name, behaviour, code = FAILURES[(number // 20) % len(FAILURES)] if number % 20 == 7 else ("", None, None)
        if name == "ftp":
            texts.append(f"ftp://127.0.0.1/{number}.mp4")
        elif name == "nothing":
            texts.append("")
        elif behaviour:
            server.behaviours[f"/{name}?{number}"] = behaviour
            texts.append(server.url(f"/{name}?{number}"))
        else:
            texts.append(server.put(f"/{number}.mp4", file(random.Random(number).randbytes(64))))
        codes.append(code)
    return texts, codes


@pytest.mark.slow
def test_every_line_is_accounted_for(server, open_home, lines, tmp_path, record_property):
    texts, codes = lines
    rows = "".join(f"{text},title {number}\n" for number, text in enumerate(texts))
    (tmp_path / "list.csv").write_text("url,title\n" + rows)
    home = open_home(concurrency=16, connections_per_host=16, requests_per_second=1_000_000)
    offered = candidates(home, [Source(str(tmp_path / "list.csv"), "sports", kind="list")])
    assert offered.height == LINES and offered["video_id"].is_unique().all()
    started = monotonic()
    report = fill(home)
    rate = LINES / (monotonic() - started)
    print(f"{rate:.0f} lines per second")
    record_property("lines_per_second", round(rate))
    assert report.rows == LINES
    found = home.lake.scan("acquired_videos", "sports").collect()
    told = offered.select("video_id", "title").join(found.select("video_id", "error", "media_uri"), on="video_id")
    by_line = dict(zip(told["title"], told["error"], strict=True))
    expected = {f"title {number}": code for number, code in enumerate(codes)}
    assert by_line == expected
    assert Counter(code is None for code in codes)[False] == LINES // 20
    assert found.filter(pl.col("media_uri").is_not_null()).height == LINES - LINES // 20
    asked = len(server.requests)
    fill(home)
    again = len(server.requests) - asked
    print(f"{again} requests in the second run")
    passing = sum(code in ("server_error", "rate_limited", "connection_failed", "truncated_download") for code in codes)
    assert again == 3 * passing, "only what may pass is asked for again"
