"""A worker process: it makes one call after the other, ends with its run, and ends when a call outgrows its memory."""

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
"""Exit code of a worker whose call outgrew its memory."""
WATCH_SECONDS = 0.05
"""A decoder fills a gigabyte in a second or two, so a call passes its limit by a few per cent before it is seen."""


class Worker:
    """A process of its own behind a pipe of its own: one that dies takes no other's call along."""

    def __init__(self, context: ForkServerContext, memory_bytes: int) -> None:
        self._context = context
        self._memory_bytes = memory_bytes
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def ask(self, function: Callable[..., Any], call: Mapping[str, Any], *, timeout_seconds: float) -> Any:
        """`function(**call)`, or the CallError of whatever came between."""
        pipe, process = self._started()
        try:
            pipe.send((function, call))
            if pipe.poll(timeout_seconds):
                return pipe.recv()
        except (EOFError, OSError):
            process.join()
            return _death(process.exitcode)
        except Exception as error:  # an answer that a corrupted process garbled, or a call that is no pickle
            self.stop()
            return as_call_error(error)
        self.stop()
        message = f"the call took over {timeout_seconds:g} s; raise its timeout_seconds"
        return CallError("timed_out", message, retryable=True)

    def stop(self) -> None:
        """End the process at once, in the middle of a call too; the next call starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def _started(self) -> tuple[Connection, BaseProcess]:
        if self._process is None or self._pipe is None or not self._process.is_alive():
            self._pipe, theirs = self._context.Pipe()
            process = self._context.Process(target=serve, args=(theirs, self._memory_bytes), daemon=True)
            process.start()
            self._process = process  # only now: another thread may stop it, which a process that is not started forbids
            theirs.close()  # so that the process's end is the pipe's end
        return self._pipe, self._process


def serve(pipe: Connection, memory_bytes: int) -> None:
    """The life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the run's to answer
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
        except Exception as error:  # too large to be pickled, or no pickle at all
            pipe.send(_sendable(error))


def guard(memory_bytes: int) -> None:
    """Bind this process to its run and to its share of memory.

    What counts is the memory it has really filled. A resource limit alone would lie: FFmpeg takes a refused allocation
    for a damaged picture, skips it and goes on. It stands at twice as much, for what outruns the watch. Where there is
    no /proc, only that limit holds.
    """
    _set_limit(resource.RLIMIT_DATA, 2 * memory_bytes)
    _set_limit(resource.RLIMIT_CORE, 0)  # a decoder that crashes on ten thousand files would fill the disk
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # when the machine is full, a worker goes, not the run
    threading.Thread(target=_watch, args=(memory_bytes,), daemon=True).start()


def _sendable(error: Exception) -> Exception:
    """An exception of a library may not survive the way to the run: its CallError does."""
    return error if isinstance(error, RunStopped) else as_call_error(error)


def _death(exit_code: int | None) -> CallError:
    """What the exit code of a worker says about the call it died in."""
    if exit_code in (OUT_OF_MEMORY_EXIT, -signal.SIGKILL):
        message = "the call took more memory than worker_memory_bytes, or than the machine has; raise it if you can"
        return CallError("memory_exceeded", message, retryable=True)
    return CallError("worker_crashed", f"the worker process died (exit code {exit_code})", retryable=True)


def _watch(memory_bytes: int) -> None:
    """Workers are children of a fork server that outlives a killed run: only this pipe tells that it is gone."""
    run = multiprocessing.parent_process()
    while not wait([run.sentinel] if run else [], timeout=WATCH_SECONDS):
        if _filled_bytes() > memory_bytes:
            os._exit(OUT_OF_MEMORY_EXIT)
    os.kill(os.getpid(), signal.SIGKILL)


def _filled_bytes() -> int:
    """Pages of this process alone: neither libraries nor what it shares with its siblings."""
    if sys.platform != "linux":
        return 0
    _, resident, shared, *_ = Path("/proc/self/statm").read_text().split()
    return (int(resident) - int(shared)) * resource.getpagesize()


def _set_limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))
