"""kill -9 in the middle of downloads, then the same command: what is finished is not asked for again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from loopback_server import file, first_part, stall

from internvid_assets.videos.sources import add_source

VIDEOS = 8
SETTINGS = {
    "INTERNVID_ACQUIRED_VIDEOS__REQUESTS_PER_SECOND": "1000",
    "INTERNVID_ACQUIRED_VIDEOS__CONNECTIONS_PER_HOST": "3",
    "INTERNVID_COMMIT_SECONDS": "1000",
}


def start(home: Path) -> subprocess.Popen[bytes]:
    script = Path(__file__).with_name("acquiring_process.py")
    environment = {**os.environ, "INTERNVID_SETTINGS": os.devnull, **SETTINGS}
    return subprocess.Popen([sys.executable, script, home], env=environment, stderr=subprocess.PIPE)


def body(name: str) -> bytes:
    return b"\x00\x00\x00\x20ftypisom" + random.Random(name).randbytes(300_000)


@pytest.fixture
def urls(server) -> list[str]:
    """Two of them stall in their middle."""
    names = [f"/{i}.mp4" for i in range(VIDEOS)]
    for name in names:
        is_slow = name in ("/2.mp4", "/5.mp4")
        server.put(name, first_part(body(name), 100_000, stall) if is_slow else file(body(name)))
    return [server.url(name) for name in names]


def test_a_killed_download_is_simply_run_again(server, urls, tmp_path):
    home = tmp_path / "home"
    (tmp_path / "list.txt").write_text("\n".join(urls))
    add_source(home, tmp_path / "list.txt", "sports", kind="list")
    running = start(home)
    folder, deadline = home / "media/sports", time.monotonic() + 60
    while len(list(folder.glob("*.receipt.json"))) < VIDEOS - 2 or _begun(folder) < 200_000:
        assert running.poll() is None and time.monotonic() < deadline, running.communicate(timeout=5)
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=30)
    assert not list(home.glob("cells/acquired_videos/**/*.parquet")), "nothing was committed yet: receipts must tell"

    first = server.count()
    for name in ("/2.mp4", "/5.mp4"):
        server.put(name, file(body(name)))
    again = start(home)
    _, told = again.communicate(timeout=120)
    assert again.returncode == 0, told.decode()
    second = server.count() - first
    assert second == {"/2.mp4": 1, "/5.mp4": 1}
    assert {server.ranges(name)[-1] for name in second} == {"bytes=100000-"}
    files = sorted(path.read_bytes() for path in folder.glob("*.mp4"))
    assert files == sorted(body(f"/{i}.mp4") for i in range(VIDEOS))
    assert not list(folder.glob("*.part*"))


def _begun(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.part"))
