"""Which versions of which libraries made a cell: recorded beside it, and no part of a recipe."""

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
"""What is installed for a feature's `kinds`."""


@cache
def libraries(kinds: frozenset[str]) -> str:
    """Python, Polars and what lies behind `kinds`, each with its version: "python 3.11.9, polars 1.35.1, av 18.1.0"."""
    names = ["polars", *(name for kind in sorted(kinds) for name in BEHIND.get(kind, ()))]
    return ", ".join([f"python {platform.python_version()}", *(f"{name} {_version(name)}" for name in names)])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # an extra that is not installed
        return "missing"
