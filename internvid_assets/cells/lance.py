"""Shared by the LanceDB stores: whether a table exists, and how to recover from a damaged one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from internvid_assets.cells.errors import RunStopped


def is_table(directory: Path, name: str) -> bool:
    """A table exists from its first version on: a folder without one is left by a write that was cut off."""
    versions = directory / f"{name}.lance" / "_versions"
    return versions.is_dir() and any(path.suffix == ".manifest" for path in versions.iterdir())


@contextmanager
def naming_failures(directory: Path, way_out: str) -> Iterator[None]:
    """Turn failures of LanceDB into a RunStopped that names the folder: no row caused them or loses an attempt."""
    try:
        yield
    except (RuntimeError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())[:300]
        raise RunStopped(f"{directory} failed: {reason}; if the disk is not full, {way_out}") from None
