"""Locks between processes. The kernel releases them when a process dies, so there are no stale locks to remove."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from internvid_assets.cells.errors import UserError

POLL_SECONDS = 0.2

log = logging.getLogger(__name__)


@contextmanager
def lease(home: Path, asset: str, category: str, *, holder: str) -> Iterator[None]:
    """Hold (asset, category) for this process: only one run at a time fills a category of a table.

    Raises UserError naming the holder if another process has it.
    """
    lock = _lock(home, f"{asset}.{category}")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        busy = f"{asset} of {category} is being filled by {_holder(lock)}; wait for it, or stop it first"
        raise UserError(busy) from None
    with _held(lock, holder):
        yield


@contextmanager
def turn(home: Path, at: str, *, holder: str) -> Iterator[None]:
    """Wait for exclusive use of a shared resource: the models of a machine, the index."""
    lock = _lock(home, at)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        log.warning("waiting for the %s: in use by %s", at, _holder(lock))
        lock.acquire(poll_interval=POLL_SECONDS)
    with _held(lock, holder):
        yield


def _lock(home: Path, name: str) -> FileLock:
    path = home / "locks" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def _note(lock: FileLock) -> Path:
    return Path(lock.lock_file).with_suffix(".holder")


def _holder(lock: FileLock) -> str:
    return _note(lock).read_text().strip() if _note(lock).exists() else "another process"


@contextmanager
def _held(lock: FileLock, holder: str) -> Iterator[None]:
    """Record the holder of an acquired lock, and release it at the end."""
    try:
        _note(lock).write_text(f"process {os.getpid()} ({holder}) since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        yield
    finally:
        lock.release()
