"""What ends a run in the middle of its calls, Ctrl-C or a server that dies, is told on one line and nothing else."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from console import cells

SERVER = Path(__file__).parents[1] / "models" / "loopback_endpoint.py"
COMMAND = ["materialize", "key:frame_captions", "--category", "sports"]


@pytest.fixture
def slow_server(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A server that takes half a second for a caption."""
    arguments = [sys.executable, str(SERVER), "0", str(tmp_path / "asked.txt"), "0.5"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("cause", ["Ctrl-C", "a dead server"])
def test_only_one_line_says_why_it_ended(home, process, slow_server, tmp_path, cause):
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)  # or a job in the background would ignore it
    for folder in ("cells", "lake"):
        shutil.rmtree(home / folder / "frame_captions")
    assert slow_server.stdout
    settings = {
        "PROFILE": "server",
        "COMMIT_SECONDS": "0.001",
        "SERVER__BASE_URL": slow_server.stdout.readline().strip(),
    }
    settings |= {"SERVER__NAME": "tiny-vl", "SERVER__REVISION": "1", "SERVER__ENCODERS": "sample", "SERVER__TRIES": "1"}
    settings |= {"SERVER__REQUESTS_AT_ONCE": "2"}
    run = process.start(*COMMAND, home=home, **{f"INTERNVID_{name}": value for name, value in settings.items()})
    signal.signal(signal.SIGINT, previous)
    deadline = time.monotonic() + 120
    while not list((home / "cells").glob("frame_captions/*/*/part-*.parquet")):
        assert run.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    if cause == "Ctrl-C":
        run.send_signal(signal.SIGINT)
    else:
        slow_server.kill()
    _, told = run.communicate(timeout=60)
    lines = [
        line for line in told.decode().splitlines() if not line.startswith(("category 1 of 1", "frame_captions sports"))
    ]
    expected = "interrupted; run the same command again" if cause == "Ctrl-C" else "no server answers at"
    assert len(lines) == 1 and expected in lines[0], told.decode()
    assert run.returncode == (130 if cause == "Ctrl-C" else 1)
    committed = cells(home, "frame_captions")
    assert committed.height > 0 and committed["input_hash"].is_unique().all()
