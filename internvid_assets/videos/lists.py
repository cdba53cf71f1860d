"""Lists of videos (txt, csv, tsv, jsonl, parquet): every line is a video, or a row with the reason why not."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from internvid_assets.cells.errors import CallError, UserError
from internvid_assets.formats.rows import IDS
from internvid_assets.formats.separated import separated_rows
from internvid_assets.media.addresses import scheme_of, youtube_id
from internvid_assets.media.opening import local_path
from internvid_assets.videos.folders import files_in, source_uri
from internvid_assets.videos.offers import SCHEMA, as_frame, category_named, of_address, of_file, of_trouble, safe_id
from internvid_assets.videos.sidecars import metadata_of

ADDRESSES = ("url", "uri", "path", "source_uri", "video_url", "webpage_url", "link")
"""Recognised column names, case-insensitive, like those of ids in `formats.rows`."""

ENDINGS = (".txt", ".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
CHUNK_LINES = 100_000

Line = tuple[int, Mapping[str, Any] | str]
"""Number of a line, and its columns or what is wrong with it."""


def read_list(path: str) -> pl.DataFrame:
    """One row per video of the list, with the columns of `offers.SCHEMA`; several lines may name the same video.

    Raises `UserError` for a list that cannot be read at all: unknown extension, or no column that identifies videos.
    """
    lines = iter(_lines(path))
    chunks = []
    while chunk := list(islice(lines, CHUNK_LINES)):
        chunks.append(
            as_frame(_offer(line, path) for line in chunk).unique("source_uri", keep="first", maintain_order=True)
        )
    frame = pl.concat(chunks) if chunks else pl.DataFrame(schema=SCHEMA)
    return frame.unique("source_uri", keep="first", maintain_order=True)


def _lines(path: str) -> Iterator[Line]:
    ending = os.path.splitext(path)[1].lower()
    if ending not in ENDINGS:
        raise UserError(f"{path}: the file name of a list must end in one of {', '.join(ENDINGS)}")
    try:
        if ending == ".parquet":
            yield from _parquet_lines(path)
        else:
            with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
                yield from _text_lines(file, path, ending)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(f"{path} cannot be read: {' '.join(str(error).split())[:300]}") from None


def _text_lines(file: Any, path: str, ending: str) -> Iterator[Line]:
    if ending == ".txt":
        numbered = enumerate((line.strip() for line in file), start=1)
        yield from ((number, {"url": line}) for number, line in numbered if line and not line.startswith("#"))
    elif ending in (".csv", ".tsv"):
        yield from _csv_lines(file, path, "\t" if ending == ".tsv" else ",")
    else:
        yield from ((number, _parsed(line)) for number, line in enumerate(file, start=1) if line.strip())


def _parsed(line: str) -> Mapping[str, Any] | str:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    return fields if isinstance(fields, dict) else "not a JSON object"


def _csv_lines(file: Any, path: str, delimiter: str) -> Iterator[Line]:
    rows = separated_rows(file, delimiter)
    names = next(rows, (0, None, ""))[1] or []
    _refuse_nameless(names, path)
    for number, cells, line in rows:
        if cells is None:
            yield number, f"not CSV, because a quote is not closed: {line[:80]}"
        elif cells:
            yield number, dict(zip(names, cells, strict=False))


def _parquet_lines(path: str) -> Iterator[Line]:
    names = list(pl.scan_parquet(path).collect_schema())
    _refuse_nameless(names, path)
    known = {*ADDRESSES, *IDS, "title", "description", "tags", "language", "query", "category", "licence", "license"}
    wanted = [name for name in names if name.lower() in known]
    rows = pl.scan_parquet(path).select(wanted).collect_batches(chunk_size=CHUNK_LINES, maintain_order=True)
    yield from enumerate((row for batch in rows for row in batch.iter_rows(named=True)), start=1)


def _refuse_nameless(names: list[str], path: str) -> None:
    if not {name.strip().lower() for name in names} & {*ADDRESSES, *IDS}:
        raise UserError(f"{path}: no column is named {', '.join([*ADDRESSES, *IDS])}; found: {', '.join(names)[:200]}")


def _offer(line: Line, path: str) -> dict[str, Any]:
    number, content = line
    at = f"{source_uri(path)}#line={number}"
    if isinstance(content, str):
        return of_trouble(at, "line_not_understood", f"line {number} of {path} is {content}")
    fields = {str(name).strip().lower(): value for name, value in content.items() if value not in (None, "")}
    address = _first(fields, ADDRESSES) or _first(fields, IDS)
    unnamed = of_trouble(at, "line_not_understood", f"line {number} of {path} does not identify a video")
    offer = _located(address, path, at) if address else unnamed
    metadata = metadata_of(
        {**fields, "tags": _tags(fields.get("tags")), "license": fields.get("licence") or fields.get("license")}
    )
    metadata.pop("id")
    own = offer.get("own_id") or (None if offer.get("listing_error") else safe_id(_first(fields, IDS)))
    return {**metadata, **offer, "own_id": own, "category": category_named(fields.get("category"))}


def _located(address: str, path: str, at: str) -> dict[str, Any]:
    """Local files must be below the list's own folder, so that a list from elsewhere cannot read other files."""
    scheme = scheme_of(address)
    if scheme not in ("", "file"):
        return of_address(address)
    if not scheme and youtube_id(address):
        return of_address(address)
    folder = os.path.realpath(os.path.dirname(path))
    try:
        file = os.path.realpath(os.path.join(folder, local_path(address) if scheme else address))
    except (ValueError, CallError):
        file = ""
    found = next(iter(files_in(file)), None) if Path(file).is_relative_to(folder) and os.path.isfile(file) else None
    problem = f"{address!r} is not a URL, a YouTube id or a file below {folder}"
    return of_file(found) if found else of_trouble(at, "unsupported_source", problem)


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((str(fields[name]).strip() for name in names if name in fields and str(fields[name]).strip()), None)


def _tags(value: Any) -> list[str] | None:
    """A list, or one string with tags separated by commas or bars."""
    return [tag.strip() for tag in re.split(r"[,|]", value) if tag.strip()] if isinstance(value, str) else value
