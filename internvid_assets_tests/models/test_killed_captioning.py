"""Killing the run or the server in the middle of captions loses nothing, repeats nothing, and marks no row."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest
from captioning_process import CATEGORY
from loopback_endpoint import MODEL, caption_of

from internvid_assets.media.frames import FrameStore

HERE = Path(__file__).parent
PICTURES, AT_ONCE = 120, 4
SETTINGS = {
    "PROFILE": "server",
    "SERVER__NAME": MODEL,
    "SERVER__REVISION": "spring",
    "SERVER__REQUESTS_AT_ONCE": str(AT_ONCE),
    "SERVER__TRIES": "2",
    "SERVER__BACKOFF_SECONDS": "0.1",
    "COMMIT_SECONDS": "0.001",
}

Process = subprocess.Popen[bytes]
Start = Callable[[float], Process]
StartRun = Callable[..., Process]


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Stored pictures, and the rows that ask for their captions."""
    rng, folder = np.random.default_rng(0), tmp_path / "home"
    pictures = [rng.integers(256, size=(16, 16, 3), dtype=np.uint8) for _ in range(PICTURES)]
    jpegs = {f"{i:03}": cv2.imencode(".jpg", picture)[1].tobytes() for i, picture in enumerate(pictures)}
    FrameStore(folder / "frames" / CATEGORY).put(jpegs)
    rows = pl.DataFrame({"clip_id": list(jpegs), "category": CATEGORY, "frame_hash": list(jpegs)})
    rows.write_parquet(folder / "upstream.parquet")
    return folder


@pytest.fixture
def start_server(port: int, tmp_path: Path) -> Iterator[Start]:
    """Starts the server that writes each answer into `answered.txt`; ends those that a test left."""
    started: list[Process] = []

    def start(seconds: float) -> Process:
        arguments = [HERE / "loopback_endpoint.py", port, tmp_path / "answered.txt", seconds]
        process = subprocess.Popen([sys.executable, *map(str, arguments)], stdout=subprocess.PIPE)
        assert process.stdout and process.stdout.readline().startswith(b"http://127.0.0.1")
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def start_run(home: Path, port: int) -> StartRun:
    told = {**SETTINGS, "SERVER__BASE_URL": f"http://127.0.0.1:{port}/v1", "SETTINGS": os.devnull}
    environment = {**os.environ, **{f"INTERNVID_{name}": value for name, value in told.items()}}
    arguments = [sys.executable, str(HERE / "captioning_process.py"), str(home)]

    def start(table: str = "center_captions") -> Process:
        return subprocess.Popen([*arguments, table], env=environment, stderr=subprocess.PIPE)

    return start


def committed(home: Path, table: str = "center_captions") -> pl.DataFrame:
    parts = sorted(home.glob(f"cells/{table}/*/*/*.parquet"))
    return pl.concat([pl.read_parquet(part) for part in parts]) if parts else pl.DataFrame()


def wait_for_commits(home: Path, run: Process, table: str = "center_captions") -> None:
    deadline = time.monotonic() + 120
    while len(list(home.glob(f"cells/{table}/*/*/part-*.parquet"))) < 5:
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def finish(home: Path, run: Process, before: pl.DataFrame, answers_file: Path) -> None:
    """The run ends well: what was committed is kept and paid for once, and every picture has its own caption."""
    _, told = run.communicate(timeout=120)
    assert run.returncode == 0, told.decode()
    assert 0 < before.height < PICTURES, "it was killed in the middle"
    cells = committed(home)
    assert before.join(cells, on=["input_hash", "called_at"], how="anti").is_empty()
    assert cells["input_hash"].is_unique().all() and (cells["attempts"] == 1).all()
    answered = answers_file.read_text().splitlines()
    assert not [caption for caption in before["caption"] if answered.count(caption) > 1]
    assert len(answered) - PICTURES <= 2 * AT_ONCE, "asked again: what was in flight, or answered but not committed"
    table = pl.read_parquet(home / f"lake/center_captions/category={CATEGORY}/table.parquet")
    images = FrameStore(home / "frames" / CATEGORY).images(table["clip_id"].to_list())
    assert table["caption"].to_list() == [caption_of(image) for image in images]


def test_a_killed_run_is_simply_run_again(home, start_server, start_run, tmp_path):
    start_server(0.05)
    run = start_run()
    wait_for_commits(home, run)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    finish(home, start_run(), committed(home), tmp_path / "answered.txt")


def test_a_killed_server_ends_the_run_and_marks_no_row(home, port, start_server, start_run, tmp_path):
    server, run = start_server(0.05), start_run()
    wait_for_commits(home, run)
    server.send_signal(signal.SIGKILL)
    _, told = run.communicate(timeout=120)
    assert run.returncode == 1 and f"no server answers at http://127.0.0.1:{port}/v1" in told.decode()
    assert committed(home)["error"].is_null().all()
    before = committed(home)
    start_server(0.0)
    finish(home, start_run(), before, tmp_path / "answered.txt")


def test_a_killed_run_asks_nothing_again_of_a_clip_that_was_finished(home, start_server, start_run, tmp_path):
    """Clips of three keyframes each: what is asked again is what was in flight."""
    names = [f"{i:03}" for i in range(PICTURES)]
    rows = [{"clip_id": name, "frame_hashes": names[i : i + 3]} for i, name in enumerate(names) if i % 3 == 0]
    told = pl.DataFrame(rows).with_columns(category=pl.lit(CATEGORY), seconds=pl.lit([0.5, 2.5, 3.5]))
    told.write_parquet(home / "upstream.parquet")
    start_server(0.05)
    run = start_run("keyframe_captions")
    wait_for_commits(home, run, "keyframe_captions")
    run.send_signal(signal.SIGKILL)
    run.communicate()
    before = committed(home, "keyframe_captions")
    again = start_run("keyframe_captions")
    _, error = again.communicate(timeout=120)
    assert again.returncode == 0, error.decode()
    cells = committed(home, "keyframe_captions")
    assert 0 < before.height < cells.height == PICTURES and cells["error"].null_count() == PICTURES
    assert before.join(cells, on=["input_hash", "called_at"], how="anti").is_empty()
    answered = (tmp_path / "answered.txt").read_text().splitlines()
    assert not [caption for caption in before["caption"] if answered.count(caption) > 1]
    assert len(answered) - PICTURES <= 3 * 2 * AT_ONCE, "of each clip under way, its keyframes so far"
    images = FrameStore(home / "frames" / CATEGORY).images(names)
    seen = [images[i : i + 1] if i % 3 == 0 else images[i - 1 : i + 1] for i in range(PICTURES)]
    table = pl.read_parquet(home / f"lake/keyframe_captions/category={CATEGORY}/table.parquet")
    assert table.sort("clip_id", "keyframe")["caption"].to_list() == [caption_of(*each) for each in seen]
