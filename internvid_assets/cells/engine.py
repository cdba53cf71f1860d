"""Worker processes for calls that read untrusted files: a decoder that crashes or hangs costs one row, not the run."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as CallTimeout
from typing import Any, Protocol, TypeVar

from pebble import ProcessExpired, ProcessPool

from internvid_assets.cells.errors import CallError, RunStopped, as_call_error

T = TypeVar("T")


class Engine(Protocol):
    """Runs one function for many arguments, wherever that is."""

    def each(
        self, function: Callable[..., T], calls: Sequence[Mapping[str, Any]], *, timeout_seconds: float
    ) -> list[T | CallError]:
        """`function(**call)` for each call, answers in order; a failure of any kind is that call's CallError."""
        ...


class LocalEngine:
    """A pool of processes on this machine, started at the first use; `close` ends them.

    It must be closed before its program ends: Python waits for a program's children, and these wait for work. `preload`
    names modules that workers find imported, which makes a pool start in a fifth of a second.
    """

    def __init__(self, workers: int, *, preload: Sequence[str] = ()) -> None:
        self.workers = workers
        self.preload = [*preload]
        self._pool: ProcessPool | None = None

    def each(
        self, function: Callable[..., T], calls: Sequence[Mapping[str, Any]], *, timeout_seconds: float
    ) -> list[T | CallError]:
        pool = self._started()
        futures = [pool.submit(function, timeout_seconds, **call) for call in calls]
        return [_answer(future, timeout_seconds) for future in futures]

    def close(self) -> None:
        """Stop the workers; the next use starts new ones."""
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()
            self._pool = None

    def _started(self) -> ProcessPool:
        if self._pool is None or not self._pool.active:
            # Neither fork (the parent has threads) nor spawn (a second per worker and call of the parent's imports).
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(self.preload)
            self._pool = ProcessPool(max_workers=self.workers, context=context)
        return self._pool


def _answer(future: Any, timeout_seconds: float) -> Any:
    try:
        return future.result()
    except CallTimeout:
        told = f"the call took over {timeout_seconds:g} s; raise its timeout_seconds"
        return CallError("timed_out", told, retryable=True)
    except ProcessExpired as expired:
        return CallError("worker_crashed", f"the worker process died (exit code {expired.exitcode})", retryable=True)
    except RunStopped:
        raise
    except Exception as error:
        return as_call_error(error)
