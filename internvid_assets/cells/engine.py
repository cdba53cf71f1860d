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
"""An idle worker takes 30 MB; decoding 1080p with frame threads 200 MB, 8K with 16 reference frames 900 MB."""


class Engine(Protocol):
    """Runs one function for many arguments, on any backend."""

    def each(
        self, function: Callable[..., T], calls: Sequence[Mapping[str, Any]], *, timeout_seconds: float
    ) -> list[T | CallError]:
        """`function(**call)` for each call, answers in order; any failure becomes the CallError of its call."""
        ...

    def as_answered(
        self, function: Callable[..., T], calls: Sequence[Mapping[str, Any]], *, timeout_seconds: float
    ) -> Iterator[tuple[int, T | CallError]]:
        """(position among the calls, answer), in the order of completion."""
        ...


class LocalEngine:
    """Processes on this machine, started on first use; they end with `close` or with the parent process.

    `preload` names modules that are already imported in new workers, so that they start in a fifth of a second.
    """

    def __init__(self, workers: int, *, memory_bytes: int = WORKER_MEMORY_BYTES, preload: Sequence[str] = ()) -> None:
        # Not fork (the parent has threads), not spawn (each worker would take a second to repeat the parent's imports).
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
                self.close()  # the `with` block waits for the threads, and these wait for the workers
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
