"""What our stores of LanceDB have in common: whether a table is there, and what to do about one that is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from internvid_assets.cells.errors import RunStopped


def is_table(directory: Path, name: str) -> bool:
    """A table begins with its first version: a folder without one is what a kill or a full disk left of a write."""
    versions = directory / f"{name}.lance" / "_versions"
    return versions.is_dir() and any(path.suffix == ".manifest" for path in versions.iterdir())


@contextmanager
def naming_failures(directory: Path, way_out: str) -> Iterator[None]:
    """Failures of LanceDB as one that names the folder and ends the run: no row is to blame, so none uses up a try."""
    try:
        yield
    except (RuntimeError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())[:300]
        raise RunStopped(f"{directory} failed: {reason}; if its disk has room, {way_out}") from None
