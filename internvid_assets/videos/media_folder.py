"""Downloaded originals: `media/<category>/<video_id>.<ext>`, each with a receipt that is written last.

If a run is killed between a download and the commit of its call, the next run finds the receipt and does not download
again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from internvid_assets.cells.store import flush
from internvid_assets.videos.partials import Partial
from internvid_assets.videos.subtitle_names import language_tag

OFFER = ("source_uri", "file_size_bytes", "modified_nanoseconds")
"""The columns of a candidate that identify the file's content."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MediaFolder:
    """The downloaded originals of one category. `wanted`: the settings that determine the file, such as formats."""

    home: Path
    category: str
    wanted: Mapping[str, Any]

    @property
    def path(self) -> Path:
        return self.home / "media" / self.category

    def name_of(self, row: Mapping[str, Any]) -> str:
        """The stem of a row's files: its id, unless a file from another source already has that name."""
        receipt = self._kept(row["video_id"])
        if receipt is None or receipt["offer"]["source_uri"] == row["source_uri"]:
            return row["video_id"]
        return f"{row['video_id']}-{hashlib.sha256(row['source_uri'].encode()).hexdigest()[:8]}"

    def partial(self, row: Mapping[str, Any]) -> Partial:
        return Partial(self.path / f"{self.name_of(row)}.part")

    def kept(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        """The stored payload of the row, if its download was finished and its file still exists."""
        receipt = self._kept(self.name_of(row))
        if receipt is None or receipt["offer"] != _offer(row) or receipt["wanted"] != self.wanted:
            return None
        payload = receipt["payload"]
        try:
            is_there = os.stat(self.home / payload["media_uri"]).st_size == payload["media_size_bytes"]
        except OSError:
            return None
        day = payload.get("uploaded_on")
        return {**payload, "uploaded_on": date.fromisoformat(day) if day else None} if is_there else None

    def keep(self, row: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
        """Write the receipt: from now on the row counts as downloaded."""
        receipt = self._receipt(self.name_of(row))
        content = {"offer": _offer(row), "wanted": self.wanted, "payload": payload}
        aside = receipt.with_suffix(".writing")
        aside.write_text(json.dumps(content, default=str), encoding="utf-8")
        flush(aside)
        os.replace(aside, receipt)
        flush(receipt.parent)

    def described(self, media: Path) -> dict[str, Any]:
        """The columns of a media file, its path relative to the home, which may be moved."""
        status = media.stat()
        return {
            "media_uri": self.place_of(media),
            "media_size_bytes": status.st_size,
            "media_modified_nanoseconds": status.st_mtime_ns,
        }

    def place_of(self, file: Path) -> str:
        return file.relative_to(self.home).as_posix()

    def _receipt(self, name: str) -> Path:
        return self.path / f"{name}.receipt.json"

    def _kept(self, name: str) -> dict[str, Any] | None:
        try:
            return json.loads(self._receipt(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None


def subtitle_columns(files: Mapping[str, Path], stem: str) -> dict[str, Any]:
    """The subtitle columns of a video named `stem`, from its files by URI: URIs, languages and content hashes.

    An unreadable file is left out with a warning; the video is kept.
    """
    hashes: dict[str, str] = {}
    for uri, path in files.items():
        try:
            hashes[uri] = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
        except OSError as error:
            log.warning("ignored subtitles that cannot be read: %s", ascii(str(error)))
    return {
        "subtitle_uris": list(hashes),
        "subtitle_languages": [language_tag(files[uri].name, stem) for uri in hashes],
        "subtitle_hashes": list(hashes.values()),
    }


def _offer(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in OFFER}
