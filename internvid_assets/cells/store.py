"""Where cells and tables lie: immutable files under one root, on a local disk or any fsspec file system.

DuckDB and Polars only ever see local paths: a file of a remote store is read through a copy in the home's cache,
replaced when the file is, and written locally before it is put. So an object store is configuration.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
from filelock import FileLock, Timeout
from fsspec.implementations.local import LocalFileSystem

from internvid_assets.cells.errors import UserError

PARQUET_MARK = b"PAR1"


@dataclass(frozen=True)
class StoredFile:
    """A file's name below the root, and a text that changes when its content does."""

    name: str
    version: str


class Store:
    """Files under `url` (default: `home` itself); scratch space and cached copies always lie under `home`."""

    def __init__(self, home: Path, url: str | None = None) -> None:
        self.home = Path(home)
        options: dict[str, Any] = {} if url is None else {"use_listings_cache": False}
        try:
            self.file_system, root = fsspec.url_to_fs(str(url or self.home), **options)
        except (ValueError, ImportError) as error:
            raise UserError(f"lake_url {url}: {error}; expected an fsspec URL, such as s3://bucket/folder") from None
        self.root = str(root).rstrip("/")
        self.is_local = isinstance(self.file_system, LocalFileSystem)

    def list(self, prefix: str) -> list[StoredFile]:
        """Every file below the folder `prefix`, sorted by name; none when there is no such folder."""
        self.file_system.invalidate_cache()
        found: Any = self.file_system.find(f"{self.root}/{prefix}", detail=True)
        named = ((path[len(self.root) + 1 :], info) for path, info in found.items())
        return sorted((StoredFile(name, _version(info)) for name, info in named), key=lambda file: file.name)

    def find(self, name: str) -> Path | None:
        """A local path of the file's present content, or None."""
        if self.is_local:
            path = Path(self.root, name)
            return path if path.is_file() else None
        self.file_system.invalidate_cache()
        try:
            info = self.file_system.info(f"{self.root}/{name}")
        except FileNotFoundError:
            return None
        return self.local_path(StoredFile(name, _version(info)))

    def local_path(self, file: StoredFile) -> Path:
        """The file itself, or a cached copy of this version of it or a newer one.

        There is one copy of each name: a view that was defined over it sees the newer version too.
        """
        if self.is_local:
            return Path(self.root, file.name)
        copy, version = self._cached(file.name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(copy.with_name(".lock")):
            if not (copy.exists() and version.exists() and version.read_text() == file.version):
                with self.scratch() as scratch:
                    self.file_system.get_file(f"{self.root}/{file.name}", str(scratch / "copy"))
                    os.replace(scratch / "copy", copy)
                version.write_text(file.version)  # last: a copy without it, or with an older one, is fetched again
        return copy

    def here(self, file: StoredFile) -> Path | None:
        """Where the file, or the copy that was read of it, lies on this machine; None for one that nobody read."""
        path = Path(self.root, file.name) if self.is_local else self._cached(file.name)[0]
        return path if path.is_file() else None

    def _cached(self, name: str) -> tuple[Path, Path]:
        """Where the copy of a remote file lies, and the text that tells its version."""
        copy = self.home / "cache" / name
        return copy, copy.with_name(f"{copy.name}.version")

    def publish(self, file: Path, name: str) -> None:
        """Make a finished local file appear under `name`, whole or not at all; consumes `file`."""
        if not self.is_local:
            self.file_system.put_file(str(file), f"{self.root}/{name}")
            file.unlink()
            return
        destination = Path(self.root, name)
        destination.parent.mkdir(parents=True, exist_ok=True)
        if file.stat().st_dev != destination.parent.stat().st_dev:
            file = Path(shutil.move(file, destination.with_name(f".{uuid.uuid4().hex}.unfinished")))
        flush(file)
        os.replace(file, destination)
        flush(destination.parent)

    def remove(self, name: str) -> None:
        """Delete the file; deleting what is not there is no error."""
        with suppress(FileNotFoundError):
            self.file_system.rm_file(f"{self.root}/{name}")
        if not self.is_local:
            for cached in self._cached(name):
                cached.unlink(missing_ok=True)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder on the home's file system for files that are not finished; gone afterwards.

        A killed process leaves its folder and its lock is free again: the next one to come by sweeps it.
        """
        parent = self.home / "scratch"
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=parent))
        lock = FileLock(folder.with_suffix(".lock"))
        lock.acquire()
        folder.mkdir(exist_ok=True)  # a sweep between the two lines above took it for an orphan's
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            folder.with_suffix(".lock").unlink(missing_ok=True)
            lock.release()

    def sweep(self) -> None:
        """Remove the scratch folders of processes that are gone."""
        for lock_file in (self.home / "scratch").glob("*.lock"):
            lock = FileLock(lock_file)
            try:
                lock.acquire(blocking=False)
            except Timeout:
                continue
            shutil.rmtree(lock_file.with_suffix(""), ignore_errors=True)
            lock_file.unlink(missing_ok=True)
            lock.release()


def is_whole_parquet(path: Path) -> bool:
    """Whether the file ends as Parquet does: what a crash or a full disk cut off does not."""
    if path.stat().st_size < 2 * len(PARQUET_MARK):
        return False
    with path.open("rb") as file:
        file.seek(-len(PARQUET_MARK), os.SEEK_END)
        return file.read() == PARQUET_MARK


def flush(path: Path) -> None:
    """fsync, so that a rename never outlives a power cut that its content did not."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _version(info: dict[str, Any]) -> str:
    """Changes with the content, from whatever the file system tells: an ETag, else size and time."""
    marks = [info.get(key) for key in ("ETag", "etag", "mtime", "created", "LastModified", "size") if info.get(key)]
    return "|".join(str(value) for value in marks)
