"""Reading records from any path: detecting the container, its records, and the keys of the first one."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from internvid_assets.cells.errors import UserError
from internvid_assets.formats.containers import Records, ending, parquet_keys, parquet_records
from internvid_assets.formats.csv_records import csv_keys, csv_records
from internvid_assets.formats.json_records import json_keys, json_records
from internvid_assets.formats.lance import ENDING, lance_keys, lance_records
from internvid_assets.formats.webdataset import webdataset_keys, webdataset_records


@dataclass(frozen=True)
class Container:
    """A container of records: files with certain endings, alone or in a folder."""

    endings: tuple[str, ...]
    records: Callable[[list[Path], pl.Schema], Iterator[Records]]
    keys: Callable[[Path], Collection[str]]
    """The keys of the first readable record; empty if there is none."""


CONTAINERS = (
    Container((ENDING,), lance_records, lance_keys),
    Container((".parquet",), parquet_records, parquet_keys),
    Container((".tar",), webdataset_records, webdataset_keys),
    Container((".csv", ".tsv"), csv_records, csv_keys),
    Container((".jsonl", ".ndjson", ".json"), json_records, json_keys),
)

ENDINGS = [name for container in CONTAINERS for name in container.endings]


def records(path: Path, wanted: pl.Schema) -> Iterator[Records]:
    """The records of a file or folder in batches, numbered; raises UserError for one that cannot be read."""
    container, files = _found(path)
    with _named_in_errors(path):
        yield from container.records(files, wanted)


def keys(path: Path) -> Collection[str]:
    """The keys of the first record, in the first file that has one; raises as `records` does."""
    container, files = _found(path)
    with _named_in_errors(path):
        return next(filter(None, map(container.keys, files)), ())


def lies_in(path: Path, name_ending: str) -> bool:
    """Whether the files at `path` are of the container with this ending; raises as `records` does."""
    return name_ending in _found(path)[0].endings


@contextmanager
def _named_in_errors(path: Path) -> Iterator[None]:
    """Errors while decompressing or reading name the given path."""
    try:
        yield
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError) as error:
        raise UserError(f"{path} cannot be read: {' '.join(str(error).split())[:200]}") from None
    except UserError as error:
        raise UserError(str(error) if str(path) in str(error) else f"{path}: {error}") from None


def _found(path: Path) -> tuple[Container, list[Path]]:
    """The container and its files: the path itself, or all files of one container below the folder."""
    for container in CONTAINERS:
        if files := [path] if ending(path) in container.endings else _below(path, container):
            return container, files
    raise UserError(f"{path}: expected a file, or a folder of files, named {', '.join(ENDINGS)} (also with .gz)")


def _below(folder: Path, container: Container) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if ending(file) in container.endings)
