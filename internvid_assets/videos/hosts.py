"""Being a polite client: a rate per host, few connections to each, waits that a host asks for, tries with backoff."""

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
    """A host that is busy and says for how long (`Retry-After`)."""

    wait_seconds: float = 0.0


class Stopped(Exception):
    """The run is ending: whoever waits or downloads lets go."""


@dataclass
class Hosts:
    """When each host may be asked next. Shared by all threads."""

    requests_per_second: float
    stopping: threading.Event = field(default_factory=threading.Event)
    _free_at: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def turn(self, host: str) -> None:
        """Wait until `host` may be asked, and take the turn."""
        with self._lock:
            turn = max(self._free_at.get(host, 0.0), time.monotonic())
            self._free_at[host] = turn + 1 / self.requests_per_second
        self.rest(turn - time.monotonic())

    def pause(self, host: str, seconds: float) -> None:
        """Ask nothing of `host` for so long, whoever wants to."""
        with self._lock:
            self._free_at[host] = max(self._free_at.get(host, 0.0), time.monotonic() + seconds)

    def rest(self, seconds: float) -> None:
        """Sleep, unless the run is ending."""
        if self.stopping.wait(max(0.0, seconds)) or self.stopping.is_set():
            raise Stopped


def with_tries(call: Callable[[], T], host: str, hosts: Hosts, parameters: Any) -> T:
    """The answer of `call`, tried again after failures that may pass: exponential backoff with jitter.

    Raises the last `CallError`, or one whose host asks for a longer wait than `max_wait_seconds`.
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
    """Call what stands in each host's queue, in its order, in at most so many threads; whatever has come, as it comes.

    A thread works off one host's queue, so none waits for the slots of a host while other hosts are idle. Raises what
    a call raises; then, and when nobody wants the rest, the others are told to let go.
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
