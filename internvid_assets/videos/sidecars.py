"""Metadata sidecars, with the field names of yt-dlp: `<stem>.info.json`. A broken sidecar does not reject the video."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from typing import Any

MAX_SIDECAR_BYTES = 32 << 20


def video_id(uri: str) -> str:
    """The id of a video without an id from its source: 16 hex digits of its URI's SHA-256."""
    return hashlib.sha256(uri.encode()).hexdigest()[:16]


def read_metadata(path: str) -> dict[str, Any]:
    """`metadata_of` the sidecar of the video at `path`; null for missing fields and for a broken or missing sidecar."""
    return metadata_of(_info(os.path.splitext(path)[0] + ".info.json"))


def metadata_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """id, title, description, tags, language, licence and query from fields with yt-dlp's names."""
    tags = fields.get("tags")
    return {
        "id": own_id(fields.get("id")),
        **{name: _text(fields.get(name)) for name in ("title", "description", "query")},
        "licence": _text(fields.get("license")),
        "tags": [_text(tag) for tag in tags if _text(tag)] if isinstance(tags, list) else None,
        "language": _language(fields.get("language")),
    }


def _info(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            info = json.loads(file.read(MAX_SIDECAR_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return info if isinstance(info, dict) else {}


def own_id(value: object) -> str | None:
    """The id if it is safe as a key and as a file name; otherwise null."""
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value) else None


def _text(value: object) -> str | None:
    """Strings only, with lone surrogates replaced, since tables store UTF-8."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _language(value: object) -> str | None:
    """The ISO 639-1 code at the start of a tag such as `en-US`."""
    match = re.match(r"([A-Za-z]{2})(?:[-_]|$)", value) if isinstance(value, str) else None
    return match[1].lower() if match else None
