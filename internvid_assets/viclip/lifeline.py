"""Ends training processes together with the run that started them, even if that is killed."""

from __future__ import annotations

import os
import threading
import time

import psutil

PARENT = "INTERNVID_PARENT_PID"
POLL_SECONDS = 1.0
ORPHANED = 70
"""The exit code of a process whose run has ended."""


def hold() -> None:
    """Watch the process given in the environment, if any, and exit at once when it has ended."""
    parent_id = os.environ.get(PARENT)
    if parent_id is None:
        return
    try:
        parent = psutil.Process(int(parent_id))
    except psutil.NoSuchProcess:
        os._exit(ORPHANED)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: psutil.Process) -> None:
    while is_alive(parent):
        time.sleep(POLL_SECONDS)
    os._exit(ORPHANED)  # nothing else would end a collective that waits for a process that has ended


def is_alive(process: psutil.Process) -> bool:
    """Whether it has not ended, is not a zombie, and its id was not reused."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
