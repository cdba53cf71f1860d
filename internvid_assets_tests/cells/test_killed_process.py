"""Real processes: one killed in the middle of a fill, and two that want the same category."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from toy_words import CATEGORY, texts

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.lease import lease, turn
from internvid_assets.cells.store import Store

PROCESS = Path(__file__).parent / "filling_process.py"
ROWS = 30


def start(tmp_path: Path, log: str, seconds_per_batch: float) -> subprocess.Popen[bytes]:
    upstream = tmp_path / "upstream.parquet"
    if not upstream.exists():
        texts({f"{i:02}": f"text number {i}" for i in range(ROWS)}).collect().write_parquet(upstream)
    arguments = [tmp_path / "home", upstream, tmp_path / log, seconds_per_batch]
    return subprocess.Popen([sys.executable, PROCESS, *map(str, arguments)])


def wait_for_parts(home: Path, count: int) -> list[Path]:
    deadline = time.monotonic() + 60
    while len(parts := list(home.glob("cells/words/*/*/part-*.parquet"))) < count:
        assert time.monotonic() < deadline, f"{len(parts)} parts after a minute"
        time.sleep(0.02)
    return parts


def asked(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def test_a_killed_fill_is_run_again_and_repeats_at_most_the_batch_it_died_in(tmp_path):
    home = tmp_path / "home"
    first = start(tmp_path, "first", seconds_per_batch=0.3)
    wait_for_parts(home, 3)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert Lake(Store(home)).version("words", CATEGORY) is None, "no table before the partition is complete"

    assert start(tmp_path, "second", seconds_per_batch=0).wait() == 0
    repeated = set(asked(tmp_path / "first")) & set(asked(tmp_path / "second"))
    assert len(repeated) <= 3, "at most the micro-batch that was under way is asked again"
    assert len(asked(tmp_path / "second")) <= ROWS - 9 + 3
    table = Lake(Store(home)).scan("words", CATEGORY).collect()
    assert table.height == 3 * ROWS
    assert table.select("text_id", "position").is_unique().all()


def test_the_next_process_sweeps_what_a_killed_one_left(tmp_path):
    home = tmp_path / "home"
    first = start(tmp_path, "first", seconds_per_batch=0.3)
    wait_for_parts(home, 1)
    first.kill()
    first.wait()
    assert list((home / "scratch").iterdir())
    Store(home).sweep()
    assert list((home / "scratch").iterdir()) == []


def test_a_second_process_is_told_who_fills_the_category(tmp_path):
    home = tmp_path / "home"
    first = start(tmp_path, "first", seconds_per_batch=0.3)
    wait_for_parts(home, 1)
    told = rf"words of music is being filled by process {first.pid} \(a test\) since .*; wait for it"
    with pytest.raises(UserError, match=told), lease(home, "words", CATEGORY, holder="another"):
        pass
    first.kill()
    first.wait()
    with lease(home, "words", CATEGORY, holder="another"):
        assert str(first.pid) not in (home / "locks" / "words.music.holder").read_text()


HOLDS_THE_MODELS = """
import sys, time
from pathlib import Path
from internvid_assets.cells.lease import turn
with turn(Path(sys.argv[1]), "models", holder="a test"):
    print("mine", flush=True)
    time.sleep(600)
"""


def test_the_next_in_turn_waits_says_for_whom_and_goes_on_when_that_process_is_killed(tmp_path, caplog):
    first = subprocess.Popen([sys.executable, "-c", HOLDS_THE_MODELS, tmp_path], stdout=subprocess.PIPE)
    assert first.stdout and first.stdout.readline() == b"mine\n"
    threading.Timer(1.0, first.kill).start()
    began = time.monotonic()
    with turn(tmp_path, "models", holder="another"):
        assert time.monotonic() - began >= 1.0
    assert f"waiting for the models: in use by process {first.pid} (a test) since" in caplog.text
    assert first.wait() == -signal.SIGKILL
    first.stdout.close()


def test_who_is_first_in_turn_waits_for_nobody_and_says_nothing(tmp_path, caplog):
    for _ in range(2):
        with turn(tmp_path, "models", holder="a test"):
            pass
    assert caplog.text == ""
