"""Verifying a release: each file against its SHA-256, the manifest against its id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from internvid_assets.releases.shelf import MANIFEST, Release, id_of


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def differences(release: Release) -> Iterator[str]:
    """One line per file that was changed, is missing, or was added. Reads the whole release."""
    expected = id_of(release.manifest)
    if not release.id == release.path.name == expected:
        yield f"{release.path / MANIFEST} was changed: the id of its content is {expected}"
    files = release.manifest["files"]
    for name, about in files.items():
        path = release.path / name
        if not path.is_file():
            yield f"{path} is missing"
        elif sha256(path) != about["sha256"]:
            yield f"{path} was changed: its SHA-256 is not the manifest's, {about['sha256'][:12]}…"
    there = {str(path.relative_to(release.path)) for path in release.path.rglob("*") if path.is_file()}
    yield from (f"{release.path / name} is not in the manifest" for name in sorted(there - {MANIFEST, *files}))
