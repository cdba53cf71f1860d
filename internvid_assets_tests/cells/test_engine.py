"""Worker processes that answer, fail, crash, hang, eat memory and lose their run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.errors import CallError, RunStopped

MEMORY_BYTES = 500_000_000


class Unpicklable(Exception):
    """As the exceptions of some libraries: two arguments to make it, one to make it again."""

    def __init__(self, code: int, where: str) -> None:
        super().__init__(where)


def behave(what: str) -> str:
    if what == "raise":
        raise CallError("bad_input", "it is bad")
    if what == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "hang":
        time.sleep(60)
    if what == "surprise":
        raise Unpicklable(5, "who knows")
    if what == "eat slowly":
        eaten = []
        while True:
            eaten.append(b"x" * 2**20)
    if what == "eat at once":
        return str(len(bytearray(10**11)))
    if what == "disk full":
        raise RunStopped("the disk is full")
    if what == "lambda":
        return lambda: "no pickle"  # type: ignore[return-value]
    return what.upper()


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine(workers=2, memory_bytes=MEMORY_BYTES)
    yield engine
    engine.close()


def outcomes(engine: LocalEngine, *names: str, timeout_seconds: float = 30) -> list[str]:
    answers = engine.each(behave, [{"what": name} for name in names], timeout_seconds=timeout_seconds)
    return [answer.code if isinstance(answer, CallError) else answer for answer in answers]


def test_each_call_has_its_own_fate(engine: LocalEngine):
    names = ["one", "raise", "crash", "two", "hang", "surprise", "lambda", "three"]
    answers = engine.each(behave, [{"what": name} for name in names], timeout_seconds=3)
    codes = [answer.code if isinstance(answer, CallError) else answer for answer in answers]
    assert codes == [
        "ONE", "bad_input", "worker_crashed", "TWO", "timed_out", "unexpected_error", "unexpected_error", "THREE",
    ]  # fmt: skip
    retryable = [answer.retryable for answer in answers if isinstance(answer, CallError)]
    assert retryable == [False, True, True, True, True]
    assert str(answers[5]) == "unexpected_error: Unpicklable: who knows"


@pytest.mark.parametrize("appetite", ["eat slowly", "eat at once"])
def test_a_call_that_outgrows_its_memory_is_stopped(engine: LocalEngine, appetite: str):
    assert outcomes(engine, "one", appetite, "two") == ["ONE", "memory_exceeded", "TWO"]


def test_crashes_take_no_other_call_along(engine: LocalEngine):
    assert outcomes(engine, *["crash", "fine"] * 5) == ["worker_crashed", "FINE"] * 5


def test_what_no_row_is_to_blame_for_ends_the_run(engine: LocalEngine):
    with pytest.raises(RunStopped, match="the disk is full"):
        outcomes(engine, "one", "disk full", "two")


def test_workers_start_again_after_close(engine: LocalEngine):
    engine.close()
    assert outcomes(engine, "anew") == ["ANEW"]


def in_a_child() -> None:
    """What a run of Dagster's launcher is: a child that Python ends by waiting for its own children."""
    with closing(LocalEngine(workers=2)) as engine:
        assert engine.each(behave, [{"what": "one"}], timeout_seconds=30) == ["ONE"]


def test_a_closed_engine_lets_its_program_end():
    child = multiprocessing.get_context("spawn").Process(target=in_a_child)
    child.start()
    child.join(60)
    assert child.exitcode == 0


HANGING_RUN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit that it is ignored
signal.signal(signal.SIGTERM, signal.SIG_DFL)  # so do processes of one in which Dagster made the two alike
sys.path.insert(0, sys.argv[1])
from internvid_assets.cells.engine import LocalEngine
from test_engine import behave
if __name__ == "__main__":
    LocalEngine(workers=2).each(behave, [{"what": "hang"}] * 2, timeout_seconds=60)
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_go_with_their_run_in_the_middle_of_a_call(tmp_path: Path, end: signal.Signals):
    (tmp_path / "hanging_run.py").write_text(HANGING_RUN)
    command = [sys.executable, str(tmp_path / "hanging_run.py"), str(Path(__file__).parent)]
    run = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    wait_until(lambda: len(processes_of(run.pid)) >= 5, seconds=60)  # the run, two servers, two workers
    run.send_signal(end)
    run.wait(10)
    wait_until(lambda: not processes_of(run.pid), seconds=5)


def processes_of(session: int) -> list[str]:
    """Everything the run has started, whoever its parent is now."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            _, _, fields = stat.read_text().rpartition(") ")
            state, _parent, _group, its_session, *_ = fields.split()
            found += [stat.parent.name] if its_session == str(session) and state != "Z" else []
    return found


def wait_until(condition, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still waiting after {seconds} s"
        time.sleep(0.05)
