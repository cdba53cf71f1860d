"""Worker processes for calls that read untrusted files: a decoder that crashes or hangs costs one row, not the run."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

from internvid_assets.cells.errors import CallError, RunStopped
from internvid_assets.cells.worker import Worker

T = TypeVar("T")

WORKER_MEMORY_BYTES = 2_000_000_000
"""An idle worker takes 30 MB, 1080p with frame threads 200 MB, 8K with 16 reference pictures 900 MB."""


class Engine(Protocol):
    """Runs one function for many arguments, wherever that is."""

    def each(
        self, function: Callable[..., T], calls: Sequence[Mapping[str, Any]], *, timeout_seconds: float
    ) -> list[T | CallError]:
        """`function(**call)` for each call, answers in order; a failure of any kind is that call's CallError."""
        ...

    def as_answered(
        self, function: Callable[..., T], calls: Sequence[Mapping[str, Any]], *, timeout_seconds: float
    ) -> Iterator[tuple[int, T | CallError]]:
        """(position among the calls, answer), whichever comes first."""
        ...


class LocalEngine:
    """Processes on this machine, started at the first use; `close` ends them, and so does the end of their program.

    `preload` names modules that workers find imported, which makes them start in a fifth of a second.
    """

    def __init__(self, workers: int, *, memory_bytes: int = WORKER_MEMORY_BYTES, preload: Sequence[str] = ()) -> None:
        # Neither fork (the parent has threads) nor spawn (a second per worker and call of the parent's imports).
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([*preload])
        self._workers = [Worker(context, memory_bytes) for _ in range(workers)]

    def each(
        self, function: Callable[..., T], calls: Sequence[Mapping[str, Any]], *, timeout_seconds: float
    ) -> list[T | CallError]:
        answers = dict(self.as_answered(function, calls, timeout_seconds=timeout_seconds))
        return [answers[position] for position in range(len(calls))]

    def as_answered(
        self, function: Callable[..., T], calls: Sequence[Mapping[str, Any]], *, timeout_seconds: float
    ) -> Iterator[tuple[int, T | CallError]]:
        idle: SimpleQueue[Worker] = SimpleQueue()
        answered: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        for worker in self._workers:
            idle.put(worker)

        def answer(position: int, call: Mapping[str, Any]) -> None:
            worker = idle.get()
            answered.put((position, worker.ask(function, call, timeout_seconds=timeout_seconds)))
            idle.put(worker)

        with ThreadPoolExecutor(len(self._workers)) as threads:
            try:
                for position, call in enumerate(calls):
                    threads.submit(answer, position, call)
                for _ in calls:
                    yield _unless_stopped(answered.get())
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                self.close()  # the threads wait for the workers, and the `with` for the threads
                raise

    def close(self) -> None:
        """End the workers; the next use starts new ones."""
        for worker in self._workers:
            worker.stop()


def _unless_stopped(answered: tuple[int, Any]) -> tuple[int, Any]:
    """Raises an answer that is a `RunStopped`."""
    if isinstance(answered[1], RunStopped):
        raise answered[1]
    return answered
