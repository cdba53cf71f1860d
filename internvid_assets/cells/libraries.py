"""The library versions that produced a cell: recorded with it, but not part of the recipe."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

BEHIND: dict[str, tuple[str, ...]] = {
    "ffmpeg": ("av", "opencv-python-headless", "scenedetect-headless"),
    "lance": ("lancedb",),
    "nltk": ("nltk",),
    "transformers": ("torch", "transformers"),
    "ytdlp": ("yt-dlp",),
}
"""The packages behind each of a feature's `kinds`."""


@cache
def libraries(kinds: frozenset[str]) -> str:
    """Python, Polars and the packages behind `kinds`, with versions: "python 3.11.9, polars 1.35.1, av 18.1.0"."""
    names = ["polars", *(name for kind in sorted(kinds) for name in BEHIND.get(kind, ()))]
    return ", ".join([f"python {platform.python_version()}", *(f"{name} {_version(name)}" for name in names)])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # an optional extra that is not installed
        return "missing"
