"""Making a release: written to a temporary folder and renamed; an identical release is not made again."""

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
    check_results,
    current_subsets,
    current_versions,
    refuse_failed_checks,
)
from internvid_assets.releases.verifying import sha256

READ_ONLY = 0o444
ASIDE = ".making-"
"""Prefix of the folders of unfinished releases."""


@dataclass(frozen=True)
class Made:
    """The release, whether it is new, and the newest one before it."""

    release: Release
    is_new: bool
    before: Release | None


def make_release(home: Home, recipes: Mapping[str, str], upstream: Mapping[str, Sequence[str]]) -> Made:
    """Release the present content of the lake. One at a time per home: a second process waits, and finds it made.

    `recipes` are the current recipes' texts by hash; `upstream` lists the tables that each table is made from.
    Raises RunStopped if the lake cannot be released.
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
    """Everything that determines a release; releases with an equal one are identical."""
    current, checks = _current(home), check_results(home)
    refuse_failed_checks(checks)
    return {**current, "checks": checks}


def _current(home: Home) -> dict[str, Any]:
    versions, subsets = current_versions(home), current_subsets(home)
    in_table = {table: {of: vars(version) for of, version in own.items()} for table, own in versions.items()}
    return {"tables": in_table, "subsets": subsets}


def _refuse_moved(home: Home, made_of: Mapping[str, Any]) -> None:
    """Raises RunStopped if a run wrote tables meanwhile: the copies might differ from the manifest."""
    if not _current(home).items() <= made_of.items():
        raise RunStopped("no release made: tables were written meanwhile; materialise release when the runs are done")


def _recipes_in(made_of: Mapping[str, Any]) -> set[str]:
    return {about["recipe"] for own in made_of["tables"].values() for about in own.values()}


def _sweep(folder: Path) -> None:
    """Remove what killed processes left: only the process whose turn it is writes here."""
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
    """Make it read-only, and flush it to disk before the release gets its name."""
    if path.is_file():
        path.chmod(READ_ONLY)
    flush(path)
