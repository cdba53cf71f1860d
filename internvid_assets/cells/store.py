"""Storage of cells and tables: immutable files under one root, on a local disk or any fsspec file system.

DuckDB and Polars only ever see local paths: a file of a remote store is read through a copy in the home's cache, which
is refreshed when the file changes, and written locally before it is uploaded. So using an object store is a setting.
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
    """A file's name below the root, and a string that changes when its content does."""

    name: str
    version: str


class Store:
    """Files under `url` (default: `home` itself); scratch space and cached copies are always under `home`."""

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
        """All files below the folder `prefix`, sorted by name; none if the folder does not exist."""
        self.file_system.invalidate_cache()
        found: Any = self.file_system.find(f"{self.root}/{prefix}", detail=True)
        named = ((path[len(self.root) + 1 :], info) for path, info in found.items())
        return sorted((StoredFile(name, _version(info)) for name, info in named), key=lambda file: file.name)

    def find(self, name: str) -> Path | None:
        """A local path with the file's current content, or None."""
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

        There is one copy per name: a view defined over it sees the newer version too.
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
                version.write_text(file.version)  # last: a copy without it, or with an older one, is downloaded again
        return copy

    def here(self, file: StoredFile) -> Path | None:
        """The local path of the file or of its cached copy; None if it was never read here."""
        path = Path(self.root, file.name) if self.is_local else self._cached(file.name)[0]
        return path if path.is_file() else None

    def _cached(self, name: str) -> tuple[Path, Path]:
        """The paths of the cached copy of a remote file and of its version."""
        copy = self.home / "cache" / name
        return copy, copy.with_name(f"{copy.name}.version")

    def publish(self, file: Path, name: str) -> None:
        """Move a finished local file to `name`, atomically; consumes `file`."""
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
        """Delete the file; it is not an error if it does not exist."""
        with suppress(FileNotFoundError):
            self.file_system.rm_file(f"{self.root}/{name}")
        if not self.is_local:
            for cached in self._cached(name):
                cached.unlink(missing_ok=True)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A temporary folder on the home's file system for unfinished files; removed afterwards.

        A killed process leaves its folder behind, but its lock is released: the next `sweep` removes the folder.
        """
        parent = self.home / "scratch"
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=parent))
        lock = FileLock(folder.with_suffix(".lock"))
        lock.acquire()
        folder.mkdir(exist_ok=True)  # a sweep between the two lines above may have removed it as an orphan
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            folder.with_suffix(".lock").unlink(missing_ok=True)
            lock.release()

    def sweep(self) -> None:
        """Remove the scratch folders of processes that no longer exist."""
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
    """Whether the file ends like a Parquet file, which a file truncated by a crash or a full disk does not."""
    if path.stat().st_size < 2 * len(PARQUET_MARK):
        return False
    with path.open("rb") as file:
        file.seek(-len(PARQUET_MARK), os.SEEK_END)
        return file.read() == PARQUET_MARK


def flush(path: Path) -> None:
    """fsync, so that after a power cut a renamed file has its content."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _version(info: dict[str, Any]) -> str:
    """A string that changes with the content, from what the file system provides: an ETag, or else size and time."""
    marks = [info.get(key) for key in ("ETag", "etag", "mtime", "created", "LastModified", "size") if info.get(key)]
    return "|".join(str(value) for value in marks)
