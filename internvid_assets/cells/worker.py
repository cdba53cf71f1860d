"""A worker process: makes one call after another, and ends with its run or when a call exceeds its memory limit."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from internvid_assets.cells.errors import CallError, RunStopped, as_call_error

OUT_OF_MEMORY_EXIT = 97
"""Exit code of a worker whose call exceeded its memory limit."""
WATCH_SECONDS = 0.05
"""A decoder fills a gigabyte in a second or two, so a call exceeds its limit by a few per cent before detection."""


class Worker:
    """A separate process with its own pipe, so that its death does not affect the calls of other workers."""

    def __init__(self, context: ForkServerContext, memory_bytes: int) -> None:
        self._context = context
        self._memory_bytes = memory_bytes
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def ask(self, function: Callable[..., Any], call: Mapping[str, Any], *, timeout_seconds: float) -> Any:
        """`function(**call)`, or a CallError if it failed for any reason."""
        pipe, process = self._started()
        try:
            pipe.send((function, call))
            if pipe.poll(timeout_seconds):
                return pipe.recv()
        except (EOFError, OSError):
            process.join()
            return _death(process.exitcode)
        except Exception as error:  # a garbled answer of a corrupted process, or a call that cannot be pickled
            self.stop()
            return as_call_error(error)
        self.stop()
        message = f"the call took more than {timeout_seconds:g} s; raise its timeout_seconds"
        return CallError("timed_out", message, retryable=True)

    def stop(self) -> None:
        """Kill the process, even during a call; the next call starts a new one."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def _started(self) -> tuple[Connection, BaseProcess]:
        if self._process is None or self._pipe is None or not self._process.is_alive():
            self._pipe, theirs = self._context.Pipe()
            process = self._context.Process(target=serve, args=(theirs, self._memory_bytes), daemon=True)
            process.start()
            self._process = process  # only now: another thread may stop it, which fails before it is started
            theirs.close()  # so that the pipe closes when the process ends
        return self._pipe, self._process


def serve(pipe: Connection, memory_bytes: int) -> None:
    """The main loop of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the run
    guard(memory_bytes)
    while True:
        try:
            function, call = pipe.recv()
            answer = function(**call)
        except EOFError:
            return
        except Exception as error:
            answer = _sendable(error)
        try:
            pipe.send(answer)
        except Exception as error:  # too large to pickle, or not picklable
            pipe.send(_sendable(error))


def guard(memory_bytes: int) -> None:
    """Tie this process to its run and limit its memory.

    The limit applies to the memory actually used. A resource limit alone would give wrong results: FFmpeg treats a
    refused allocation as a damaged frame, skips it and continues. So the resource limit is twice as high, for growth
    that outpaces the watch. Without /proc, only the resource limit applies.
    """
    _set_limit(resource.RLIMIT_DATA, 2 * memory_bytes)
    _set_limit(resource.RLIMIT_CORE, 0)  # core dumps of ten thousand crashes would fill the disk
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # out of memory, a worker is killed, not the run
    threading.Thread(target=_watch, args=(memory_bytes,), daemon=True).start()


def _sendable(error: Exception) -> Exception:
    """An exception of a library may not survive pickling: a CallError does."""
    return error if isinstance(error, RunStopped) else as_call_error(error)


def _death(exit_code: int | None) -> CallError:
    """The CallError of a call during which its worker died."""
    if exit_code in (OUT_OF_MEMORY_EXIT, -signal.SIGKILL):
        message = "the call used more memory than worker_memory_bytes, or than the machine has; raise it if possible"
        return CallError("memory_exceeded", message, retryable=True)
    return CallError("worker_crashed", f"the worker process died (exit code {exit_code})", retryable=True)


def _watch(memory_bytes: int) -> None:
    """Workers are children of a fork server that outlives a killed run: only this pipe shows that the run is gone."""
    run = multiprocessing.parent_process()
    while not wait([run.sentinel] if run else [], timeout=WATCH_SECONDS):
        if _filled_bytes() > memory_bytes:
            os._exit(OUT_OF_MEMORY_EXIT)
    os.kill(os.getpid(), signal.SIGKILL)


def _filled_bytes() -> int:
    """Private pages of this process: without libraries and memory shared with its siblings."""
    if sys.platform != "linux":
        return 0
    _, resident, shared, *_ = Path("/proc/self/statm").read_text().split()
    return (int(resident) - int(shared)) * resource.getpagesize()


def _set_limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))
