"""Worker processes that answer, fail, crash and hang."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.errors import CallError


def behave(what: str) -> str:
    if what == "raise":
        raise CallError("bad_input", "it is bad")
    if what == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "hang":
        time.sleep(60)
    if what == "surprise":
        raise KeyError("who knows")
    return what.upper()


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine(workers=2)
    yield engine
    engine.close()


def test_each_call_has_its_own_fate(engine: LocalEngine):
    names = ["one", "raise", "crash", "two", "hang", "surprise", "three"]
    answers = engine.each(behave, [{"what": name} for name in names], timeout_seconds=3)
    codes = [answer.code if isinstance(answer, CallError) else answer for answer in answers]
    assert codes == ["ONE", "bad_input", "worker_crashed", "TWO", "timed_out", "unexpected_error", "THREE"]
    retryable = [answer.retryable for answer in answers if isinstance(answer, CallError)]
    assert retryable == [False, True, True, True]


def test_the_pool_lives_on_after_a_crash_and_starts_again_after_close(engine: LocalEngine):
    engine.each(behave, [{"what": "crash"}], timeout_seconds=5)
    assert engine.each(behave, [{"what": "again"}], timeout_seconds=5) == ["AGAIN"]
    engine.close()
    assert engine.each(behave, [{"what": "anew"}], timeout_seconds=5) == ["ANEW"]


def in_a_child() -> None:
    """What a run of Dagster's launcher is: a child that Python ends by waiting for its own children."""
    with closing(LocalEngine(workers=2)) as engine:
        assert engine.each(behave, [{"what": "one"}], timeout_seconds=30) == ["ONE"]


def test_a_closed_engine_lets_its_program_end():
    child = multiprocessing.get_context("spawn").Process(target=in_a_child)
    child.start()
    child.join(60)
    assert child.exitcode == 0
