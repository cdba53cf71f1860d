"""One run at a time fills a table's category; the second is told who holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from internvid_assets.cells.errors import UserError


@contextmanager
def lease(home: Path, asset: str, category: str, *, holder: str) -> Iterator[None]:
    """Hold (asset, category) for this process; a killed one lets go by itself, since the kernel owns the lock.

    Raises UserError naming the holder when another process has it.
    """
    path = home / "locks" / f"{asset}.{category}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    note = path.with_suffix(".holder")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        told = note.read_text().strip() if note.exists() else "another process"
        raise UserError(f"{asset} of {category} is being filled by {told}; wait for it, or stop it first") from None
    try:
        note.write_text(f"process {os.getpid()} ({holder}) since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        yield
    finally:
        lock.release()
