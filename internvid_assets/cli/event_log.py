"""Dagster's event log in SQLite, written with one SQLAlchemy engine per file."""

from __future__ import annotations

from typing import Any

from dagster._core.storage.event_log.sqlite import sqlite_event_log

STORAGE: Any = sqlite_event_log
MAX_ENGINES = 16
"""Each run has a file of its own, and all runs share an index."""

_create = STORAGE.create_engine
_engines: dict[str, Any] = {}


def reuse_engines() -> None:
    """Make Dagster keep the engines of its event log in this process.

    It creates one for each event, and each engine compiles the same statements again: a seventh of the time of a run
    without pending calls. The engines hold no connections (`NullPool`), so nothing changes for other processes.
    """
    STORAGE.create_engine = _engine


def _engine(url: str, **options: Any) -> Any:
    """The engine of the file: Dagster passes the same options for all of them."""
    if url not in _engines:
        while len(_engines) >= MAX_ENGINES:
            del _engines[next(iter(_engines))]
        _engines[url] = _create(url, **options)
    return _engines[url]
