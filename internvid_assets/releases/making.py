"""Making a release: refuse, or write it aside and rename it whole; one that would hold the same is not made again."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from internvid_assets.cells.errors import RunStopped
from internvid_assets.cells.store import flush
from internvid_assets.home import Home
from internvid_assets.releases.content import write_content
from internvid_assets.releases.shelf import FOLDER, FORMAT, MANIFEST, Release, id_of, read_release, releases_of
from internvid_assets.releases.standing import (
    categories_with_videos,
    refuse_broken_promises,
    standing_promises,
    standing_subsets,
    standing_versions,
)
from internvid_assets.releases.verifying import sha256

READ_ONLY = 0o444
ASIDE = ".making-"
"""Begins the name of a folder that is no release yet."""


@dataclass(frozen=True)
class Made:
    """What came of making a release, and the one that was the newest before."""

    release: Release
    is_new: bool
    before: Release | None


def make_release(home: Home, recipes: Mapping[str, str], upstream: Mapping[str, Sequence[str]]) -> Made:
    """Release what the lake holds now. One at a time in a home: who comes second waits, and finds it made.

    `recipes` are the present recipes' texts by their hashes; `upstream` tells what each table is made from.
    Raises RunStopped where the lake is not fit to be released.
    """
    with home.turn(FOLDER):
        _sweep(home.path / FOLDER)
        made_of = _made_of(home)
        releases = releases_of(home.path)
        before = releases[-1] if releases else None
        same = next((release for release in releases if release.manifest["made_of"] == made_of), None)
        if same:
            return Made(same, False, before)
        texts = {name: text for release in releases for name, text in release.manifest["recipes"].items()} | {**recipes}
        content = {
            "format": FORMAT,
            "profile": home.settings.profile,
            "package_version": version("internvid-assets"),
            "made_of": made_of,
            "recipes": {name: texts[name] for name in sorted(_recipes_in(made_of) & texts.keys())},
            "upstream": {table: sorted(above) for table, above in sorted(upstream.items())},
        }
        return Made(_write(home, content), True, before)


def _made_of(home: Home) -> dict[str, Any]:
    """All that decides what a release holds; releases with an equal one are the same."""
    standing, promises = _standing(home), standing_promises(home)
    refuse_broken_promises(promises)
    return {**standing, "checks": promises}


def _standing(home: Home) -> dict[str, Any]:
    versions, subsets = standing_versions(home), standing_subsets(home)
    in_table = {table: {of: vars(version) for of, version in own.items()} for table, own in versions.items()}
    return {"tables": in_table, "subsets": subsets}


def _refuse_moved(home: Home, made_of: Mapping[str, Any]) -> None:
    """What was copied is what the manifest says, unless a run wrote tables meanwhile."""
    if not _standing(home).items() <= made_of.items():
        raise RunStopped(
            "nothing is released: tables were written meanwhile; materialise release when the runs are done"
        )


def _recipes_in(made_of: Mapping[str, Any]) -> set[str]:
    return {about["recipe"] for own in made_of["tables"].values() for about in own.values()}


def _sweep(folder: Path) -> None:
    """Remove what killed processes left: whoever has the turn is the only one who writes here."""
    for left in folder.glob(f"{ASIDE}*"):
        shutil.rmtree(left)


def _write(home: Home, content: Mapping[str, Any]) -> Release:
    aside = home.path / FOLDER / f"{ASIDE}{uuid.uuid4().hex}"
    aside.mkdir(parents=True)
    try:
        with home.store.scratch() as scratch:
            write_content(home, aside, categories_with_videos(home), list(content["made_of"]["subsets"]), scratch)
        _refuse_moved(home, content["made_of"])
        content = {**content, "files": _files(aside)}
        content = {"id": id_of(content), "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"), **content}
        manifest = aside / MANIFEST
        manifest.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        for path in [*aside.rglob("*"), aside]:
            _seal(path)
        destination = aside.with_name(content["id"])
        os.rename(aside, destination)
        flush(destination.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return read_release(destination / MANIFEST)


def _files(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        str(path.relative_to(folder)): {
            "sha256": sha256(path),
            "size_bytes": path.stat().st_size,
            "rows": pq.read_metadata(path).num_rows,
        }
        for path in sorted(folder.rglob("*.parquet"))
    }


def _seal(path: Path) -> None:
    """Nobody writes into it again, and it is on the disk before the name of the release is."""
    if path.is_file():
        path.chmod(READ_ONLY)
    flush(path)
