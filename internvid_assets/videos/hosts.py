"""Polite access to hosts: a rate limit and a connection limit per host, requested waits, retries with backoff."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from queue import SimpleQueue
from typing import Any, TypeVar

from internvid_assets.cells.errors import CallError

T = TypeVar("T")


@dataclass
class AskedToWait(CallError):
    """A busy host that states how long to wait (`Retry-After`)."""

    wait_seconds: float = 0.0


class Stopped(Exception):
    """The run is ending: waiting and downloading threads stop."""


@dataclass
class Hosts:
    """The time of the next allowed request to each host. Shared by all threads."""

    requests_per_second: float
    stopping: threading.Event = field(default_factory=threading.Event)
    _free_at: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def turn(self, host: str) -> None:
        """Wait until a request to `host` is allowed, and reserve it."""
        with self._lock:
            turn = max(self._free_at.get(host, 0.0), time.monotonic())
            self._free_at[host] = turn + 1 / self.requests_per_second
        self.rest(turn - time.monotonic())

    def pause(self, host: str, seconds: float) -> None:
        """Send no requests to `host` for this long, from any thread."""
        with self._lock:
            self._free_at[host] = max(self._free_at.get(host, 0.0), time.monotonic() + seconds)

    def rest(self, seconds: float) -> None:
        """Sleep, unless the run is ending."""
        if self.stopping.wait(max(0.0, seconds)) or self.stopping.is_set():
            raise Stopped


def with_tries(call: Callable[[], T], host: str, hosts: Hosts, parameters: Any) -> T:
    """The result of `call`, repeated after retryable failures with exponential backoff and jitter.

    Raises the last `CallError`, or the first one whose host requests a longer wait than `max_wait_seconds`.
    """
    for attempt in count(1):
        try:
            return call()
        except CallError as error:
            asked = error.wait_seconds if isinstance(error, AskedToWait) else 0.0
            if not error.retryable or attempt >= parameters.tries or asked > parameters.max_wait_seconds:
                raise
            if asked:
                hosts.pause(host, asked)
            else:
                hosts.rest(parameters.backoff_seconds * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))
    raise AssertionError("count() does not end")


def in_lanes(
    queues: Mapping[str, deque[Callable[[], T]]], hosts: Hosts, *, concurrency: int, connections_per_host: int
) -> Iterator[list[T]]:
    """Make the calls in each host's queue in order, in up to `concurrency` threads; yield results as they are ready.

    A thread works on the queue of one host, so none waits for one host while others are idle. Raises what a call
    raises; then, and when the generator is closed, the other threads are stopped.
    """
    answers: SimpleQueue[Future[T]] = SimpleQueue()

    def work_off(queue: deque[Callable[[], T]]) -> None:
        while not hosts.stopping.is_set():
            try:
                call = queue.popleft()
            except IndexError:
                return
            answers.put(_finished(call))

    lanes = [queue for lane in range(connections_per_host) for queue in queues.values() if lane < len(queue)]
    left = sum(map(len, queues.values()))
    with ThreadPoolExecutor(concurrency, thread_name_prefix="acquire") as threads:
        try:
            for queue in lanes:
                threads.submit(work_off, queue)
            while left:
                together = [answers.get().result()]
                while not answers.empty():
                    together.append(answers.get().result())
                left -= len(together)
                yield together
        except BaseException:
            hosts.stopping.set()
            raise


def _finished(call: Callable[[], T]) -> Future[T]:
    done: Future[T] = Future()
    try:
        done.set_result(call())
    except BaseException as error:
        done.set_exception(error)
    return done
