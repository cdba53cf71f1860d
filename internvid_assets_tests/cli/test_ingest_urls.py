"""internvid ingest http://…, then materialize: fetched, cut, and with a reason where that failed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from console import run_here

sys.path.insert(0, str(Path(__file__).parents[1] / "videos"))  # for loopback_server

from loopback_server import answers, file, loopback

QUICK = {"INTERNVID_ACQUIRED_VIDEOS__BACKOFF_SECONDS": "0.01", "INTERNVID_VIDEOS__MIN_DURATION_SECONDS": "1"}


def test_web_addresses_become_clips_or_rows_with_a_reason(world, empty):
    (video,) = (world / "music").glob("*.webm")
    with loopback() as server:
        urls = [
            server.put("/good.webm", file(video.read_bytes(), content_type="video/webm")),
            server.put("/gone.mp4", answers(410)),
        ]
        done = run_here("ingest", *urls, "-c", "comedy", home=empty)
        assert (done.exit_code, done.stderr) == (0, "")
        for _ in range(2):
            done = run_here("materialize", "+key:clips", "-c", "comedy", home=empty, **QUICK)
            assert done.exit_code == 0, done.stderr
        assert server.count() == {"/good.webm": 1, "/gone.mp4": 1}
    query = "select source_uri, rejection_reason, media_uri from videos"
    rows = json.loads(run_here("sql", query, "-f", "json", home=empty).stdout)
    found = {row["source_uri"]: row for row in rows}
    assert found[urls[0]]["rejection_reason"] is None
    assert (empty / found[urls[0]]["media_uri"]).read_bytes() == video.read_bytes()
    assert (found[urls[1]]["rejection_reason"], found[urls[1]]["media_uri"]) == ("removed", None)
    clips = json.loads(run_here("sql", "select count(*) n from clips", "-f", "json", home=empty).stdout)
    assert clips[0]["n"] > 0
