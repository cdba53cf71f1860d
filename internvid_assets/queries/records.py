"""Reads third-party files (text, csv, tsv, jsonl, json and parquet) as numbered records."""

from __future__ import annotations

import gzip
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import polars as pl

from internvid_assets.cells.errors import UserError
from internvid_assets.formats.separated import separated_rows

CONTAINERS = ("database", "videos", "sentences", "annotations", "data", "labels", "classes")
"""Keys of a JSON document under which released datasets store their records (ActivityNet, MSR-VTT, VATEX, …)."""

KEY, VALUE = "key", "value"
"""Column names for entries of a JSON object that are not records themselves, as in {"label": 3}."""


@dataclass(frozen=True)
class Record:
    """A line, row or entry: its fields by lower-case names without `_`, or the reason why there are none.

    In a file without a header, the first field is named `0`, as is the whole line of a text file.
    """

    line: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    raw: str = ""
    problem: str | None = None


def read_records(path: Path, known: Collection[str]) -> Iterator[Record]:
    """All records of a file, also `.gz`; in csv, a first line without a `known` column is a record, not a header.

    Raises UserError if the file is missing or cannot be read at all.
    """
    ending = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"][-1:] or [".txt"]
    try:
        if ending == [".parquet"]:
            yield from _parquet(path)
            return
        opened = gzip.open if path.suffix.lower() == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as file:
            yield from _READERS.get(ending[0], _text)(file, known)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: expected the file named in the settings") from None
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(f"{path} cannot be read: {' '.join(str(error).split())[:200]}") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{path} is not JSON ({error}); name it .jsonl if each line is a record") from None


def column(name: object) -> str:
    """Normalised column name: YoutubeID, youtube_id and "YouTube ID" are the same column."""
    return "".join(letter for letter in str(name).lower() if letter.isalnum())


def _text(file: IO[str], known: Collection[str]) -> Iterator[Record]:
    for number, line in enumerate(file, start=1):
        text = line.strip()
        if text and not text.startswith("#"):
            yield _checked(number, {"0": text}, text)


def _json_lines(file: IO[str], known: Collection[str]) -> Iterator[Record]:
    for number, line in enumerate(file, start=1):
        text = line.strip()
        if not text:
            continue
        try:
            yield _checked(number, _fields(json.loads(text)), text)
        except (ValueError, RecursionError):
            yield Record(number, raw=text, problem="not_json")


def _json(file: IO[str], known: Collection[str]) -> Iterator[Record]:
    records = _container(json.load(file), known)
    if not isinstance(records, dict):
        yield from (_checked(number, _fields(entry), str(entry)) for number, entry in enumerate(records, start=1))
        return
    for number, (key, entry) in enumerate(records.items(), start=1):
        fields = _fields(entry) if isinstance(entry, dict) else {VALUE: entry}
        yield _checked(number, {KEY: key, **fields}, f"{key}: {entry}")


def _container(document: Any, known: Collection[str]) -> dict[str, Any] | list[Any]:
    """The records of a JSON document: a part of it that has a `known` column, or else the document."""
    if not isinstance(document, dict):
        return document if isinstance(document, list) else [document]
    parts = [document[name] for name in CONTAINERS if isinstance(document.get(name), dict | list) and document[name]]
    return next((part for part in parts if _columns(part) & set(known)), document)


def _columns(part: dict[str, Any] | list[Any]) -> set[str]:
    """The columns of the first record."""
    first = next(iter(part.values())) if isinstance(part, dict) else part[0]
    return {*_fields(first), KEY} if isinstance(part, dict) else {*_fields(first)}


def _separated(file: IO[str], known: Collection[str], delimiter: str) -> Iterator[Record]:
    """Lines that start with `#` are comments (AudioSet); a line may have fewer fields than the header."""
    names: list[str] | None = None
    for number, row, line in separated_rows(file, delimiter, skip_initial_space=True):
        if row is None:
            yield Record(number, raw=line, problem="open_quote")
            continue
        if not any(row) or row[0].startswith("#"):
            continue
        if names is None:
            header = [column(name) for name in row]
            names = header if set(header) & set(known) else [str(i) for i in range(len(row))]
            if names is header:
                continue
        yield _checked(number, dict(zip(names, row, strict=False)), delimiter.join(row))


def _csv(file: IO[str], known: Collection[str]) -> Iterator[Record]:
    yield from _separated(file, known, ",")


def _tsv(file: IO[str], known: Collection[str]) -> Iterator[Record]:
    yield from _separated(file, known, "\t")


def _parquet(path: Path) -> Iterator[Record]:
    number = 0
    for batch in pl.scan_parquet(path).collect_batches(chunk_size=10_000, maintain_order=True):
        for row in batch.iter_rows(named=True):
            number += 1
            yield Record(number, _fields(row), str(row))


_READERS = {".jsonl": _json_lines, ".ndjson": _json_lines, ".json": _json, ".csv": _csv, ".tsv": _tsv}


def _fields(entry: object) -> dict[str, Any]:
    """A record's fields; a bare string or number becomes the field `0`."""
    return {column(name): value for name, value in entry.items()} if isinstance(entry, dict) else {"0": entry}


def _checked(line: int, fields: Mapping[str, Any], raw: str) -> Record:
    """Reject a record that contains `�`, which replaces bytes that are not UTF-8: its text is not known."""
    return Record(line, raw=raw, problem="not_utf8") if "�" in raw else Record(line, fields, raw)
