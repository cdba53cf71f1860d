"""The frames of sequences, from the frame stores of the categories of their clips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from internvid_assets.media.frames import FrameStore

Stores: TypeAlias = Callable[[str], FrameStore]
"""From a category to its frame store: `Home.frames`."""


def pictures(records: Iterable[Mapping[str, Any]], stores: Stores) -> dict[str, bytes]:
    """The JPEGs of all clips in the records, by hash; one read per store. Raises `MissingFrames`."""
    hashes: dict[str, dict[str, None]] = defaultdict(dict)
    for record in records:
        for item in record["items"]:
            hashes[item["category"]] |= dict.fromkeys(item.get("frame_hashes") or ())
    found: dict[str, bytes] = {}
    for category, wanted in hashes.items():
        found |= zip(wanted, stores(category).read(list(wanted)), strict=True)
    return found
