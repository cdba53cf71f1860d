"""Training ends with whoever asked for it: no process of it outlives a run whose process was killed."""

from __future__ import annotations

import os
import threading
import time

import psutil

PARENT = "INTERNVID_PARENT_PID"
POLL_SECONDS = 1.0
ORPHANED = 70
"""The exit code of a process whose run is gone."""


def hold() -> None:
    """Watch the process that the environment names, if any, and end this one at once when that is gone."""
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
    os._exit(ORPHANED)  # a collective may be waiting for a process that is gone: nothing else would end it


def is_alive(process: psutil.Process) -> bool:
    """Neither gone, nor waiting to be buried, nor another process of the same number."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
