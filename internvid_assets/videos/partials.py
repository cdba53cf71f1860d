"""Unfinished downloads: the bytes so far, and a note that identifies the file they belong to."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from internvid_assets.cells.errors import CallError
from internvid_assets.cells.store import flush


@dataclass(frozen=True)
class Partial:
    """`<name>.part`, and `<name>.part.json` with the source's validator: an ETag or a time.

    Unless the validator is equal, the bytes are discarded, so parts of two versions of a file are never mixed.
    """

    path: Path

    @property
    def note(self) -> Path:
        return self.path.with_name(self.path.name + ".json")

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def validator(self, source_uri: str) -> str | None:
        """The validator of the bytes so far; None if there are none that can be resumed."""
        try:
            note = json.loads(self.note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return note["validator"] if note["source_uri"] == source_uri and self.size_bytes else None

    def begin(self, source_uri: str, validator: str | None) -> None:
        """Start from the beginning; without a validator the download cannot be resumed later."""
        self.discard()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()
        if validator:
            self.note.write_text(json.dumps({"source_uri": source_uri, "validator": validator}), encoding="utf-8")

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def finish(self, destination: Path) -> Path:
        """Flush the complete file to disk, then move it to `destination`."""
        flush(self.path)
        os.replace(self.path, destination)
        self.note.unlink(missing_ok=True)
        flush(destination.parent)
        return destination

    def check_length(self, expected_bytes: int | None, source_uri: str) -> None:
        """Raises `CallError` (truncated_download) if the file is not as long as its source stated."""
        if expected_bytes is not None and self.size_bytes != expected_bytes:
            message = f"{source_uri} sent {self.size_bytes:,} of {expected_bytes:,} bytes"
            raise CallError("truncated_download", message, retryable=True)


def check_size(size_bytes: int, max_bytes: int, source_uri: str) -> None:
    """Raises `CallError` (too_large)."""
    if size_bytes > max_bytes:
        message = f"{source_uri} has {size_bytes:,} bytes or more; acquired_videos.max_bytes is {max_bytes:,}"
        raise CallError("too_large", message)


def ending_of(path: Path) -> str:
    """The file extension, from the first bytes alone: text from a server or a title is never used as a file name."""
    with path.open("rb") as file:
        head = file.read(64)
    for pattern, ending in _ENDINGS:
        if re.match(pattern, head, re.DOTALL):
            return ending
    return ".bin"


_ENDINGS = (
    (rb"....ftypqt", ".mov"),
    (rb"....ftypM4A", ".m4a"),
    (rb"....(?:ftyp|moov|mdat|free|skip|wide|styp)", ".mp4"),
    (rb"\x1aE\xdf\xa3.*webm", ".webm"),
    (rb"\x1aE\xdf\xa3", ".mkv"),
    (rb"RIFF....AVI ", ".avi"),
    (rb"OggS", ".ogg"),
    (rb"FLV\x01", ".flv"),
    (rb"0&\xb2u", ".wmv"),
    (rb"\x00\x00\x01\xba", ".mpg"),
    (rb"G", ".ts"),
)
