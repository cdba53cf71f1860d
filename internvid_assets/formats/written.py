"""Writing files and folders atomically, and writing JSON."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from filelock import FileLock, Timeout

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.store import flush

UNFINISHED = ".unfinished-"
"""Prefix of the names of unfinished files and folders."""


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """A temporary path to write to: at the end of the block it is renamed to `path`, replacing a file.

    A killed process leaves `.unfinished-…` behind, which the next one removes. Raises UserError if `path` is a folder
    that is not empty, since it is not ours to replace, or if another process is writing it.
    """
    if path.is_dir() and any(path.iterdir()):
        raise UserError(f"{path} is a folder that is not empty; choose a new one")
    unfinished = path.with_name(f"{UNFINISHED}{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path, unfinished):
            yield unfinished
            if unfinished.is_dir() and path.is_dir():
                path.rmdir()
            for file in unfinished.rglob("*") if unfinished.is_dir() else [unfinished]:
                if file.is_file():
                    flush(file)
            unfinished.replace(path)
            flush(path.parent)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror or error}); choose another path") from None


def asked_for(unfinished: Path) -> str:
    """The final name of an unfinished file or folder."""
    return unfinished.name.removeprefix(UNFINISHED)


@contextmanager
def _alone(path: Path, unfinished: Path) -> Iterator[None]:
    """Hold a lock on `unfinished`, and remove it before and after. The lock is released if the process is killed."""
    lock_file = unfinished.with_name(f"{unfinished.name}.lock")
    lock_file.touch()  # without write permission, the lock would report that it is taken
    lock = FileLock(lock_file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"{path} is being written by another process; wait for it, or choose another path") from None
    try:
        _remove(unfinished)
        yield
    finally:
        _remove(unfinished)
        lock_file.unlink(missing_ok=True)
        lock.release()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(batches: Iterable[pl.DataFrame], path: Path) -> None:
    """One object per line; if the name ends in `.json`, one array of them."""
    blocks = (batch.write_ndjson().encode() for batch in batches if batch.height)
    with path.open("wb") as file:
        file.writelines(_as_array(blocks) if path.suffix.lower() == ".json" else blocks)


def _as_array(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines joined by commas; line breaks within texts are escaped."""
    between = b"[\n"
    for block in blocks:
        yield between + block.rstrip(b"\n").replace(b"\n", b",\n")
        between = b",\n"
    yield b"[]\n" if between == b"[\n" else b"\n]\n"
