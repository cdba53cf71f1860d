"""Files and folders that appear whole or not at all, and JSON in them."""

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
"""Begins the name of what is not whole yet."""


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Where to write what shall become `path`: it gets its name, in the place of a file, when the block is done.

    A killed process leaves `.unfinished-…` behind, which the next one begins with removing. Raises UserError for a
    folder that holds something, since that is not ours to replace, and where another process is writing the same.
    """
    if path.is_dir() and any(path.iterdir()):
        raise UserError(f"{path} is a folder that holds something; give a new one")
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
        raise UserError(f"{path} cannot be written ({error.strerror or error}); give another place") from None


def asked_for(unfinished: Path) -> str:
    """The name that somebody gave to what is still written aside."""
    return unfinished.name.removeprefix(UNFINISHED)


@contextmanager
def _alone(path: Path, unfinished: Path) -> Iterator[None]:
    """Nobody else writes `unfinished` meanwhile, and nothing is left of it before and after. A kill frees the lock."""
    lock_file = unfinished.with_name(f"{unfinished.name}.lock")
    lock_file.touch()  # where nothing may be written, the lock would call itself taken
    lock = FileLock(lock_file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"{path} is being written by another process; wait for it, or give another place") from None
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
    """An object a line; one array of them where the name ends in `.json`."""
    blocks = (batch.write_ndjson().encode() for batch in batches if batch.height)
    with path.open("wb") as file:
        file.writelines(_as_array(blocks) if path.suffix.lower() == ".json" else blocks)


def _as_array(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with commas between them: a line's end within a text is escaped."""
    between = b"[\n"
    for block in blocks:
        yield between + block.rstrip(b"\n").replace(b"\n", b",\n")
        between = b",\n"
    yield b"[]\n" if between == b"[\n" else b"\n]\n"
