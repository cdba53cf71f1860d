"""The dataset card as a folder: Markdown, one HTML page, images, and Croissant metadata."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version as version_of
from pathlib import Path

import polars as pl

from internvid_assets import tables
from internvid_assets.analytics.card import FIGURES, FRAMES, Making, card_text
from internvid_assets.analytics.croissant import Published, croissant
from internvid_assets.analytics.facts import Facts, ask_all, totals, version
from internvid_assets.analytics.figures import Drawn, figures
from internvid_assets.analytics.page import as_page
from internvid_assets.analytics.warehouse import open_lake
from internvid_assets.clips.contact_sheet import contact_sheet
from internvid_assets.home import Home
from internvid_assets.selects.files import sql_files

SHEETS = 4
"""Number of categories with sample frames: those with the most videos."""
SEEN_FRAMES = 100_000
"""Rows of a category from which a sheet's frames are selected."""


@dataclass(frozen=True)
class Card:
    """A card's files by path below its folder, and its figures."""

    files: Mapping[str, bytes]
    figures: list[Drawn]

    def version(self) -> str:
        """A hash of all files."""
        digest = hashlib.blake2b(digest_size=8)
        for name, content in self.files.items():
            digest.update(f"{name} {len(content)} ".encode() + content)
        return digest.hexdigest()


def make_card(home: Home, recipes: Mapping[str, str]) -> Card:
    """Run all queries and draw all figures; `recipes` are those of the tables, as canonical JSON."""
    facts = ask(home)
    content = version(facts)
    drawn = figures(facts)
    sheets = dict(_sheets(home, facts))
    pictures = {
        **{f"{FIGURES}/{figure.name}.png": figure.png for figure in drawn},
        **{f"{FRAMES}/{category}.jpg": sheet for category, sheet in sheets.items()},
    }
    text = card_text(facts, drawn, sheets, Making(home.settings.profile, content, recipes))
    metadata = croissant(_written(home), _published(facts, content))
    files = {
        "README.md": text.encode(),
        "card.html": as_page("Dataset card", text, pictures).encode(),
        "croissant.json": json.dumps(metadata, indent=1, ensure_ascii=False).encode(),
        **pictures,
    }
    return Card(files, drawn)


def ask(home: Home) -> Facts:
    """The facts of a home, from its current tables."""
    with open_lake(home.path, paths=home.lake.paths, memory_limit=home.settings.memory_limit) as connection:
        return ask_all(connection)


def write_folder(files: Mapping[str, bytes], folder: Path, scratch: Path) -> None:
    """Write the files to `scratch`, on the same file system, then replace `folder` with them.

    A rename cannot replace a folder: for a moment it does not exist. The old one is moved to `scratch`.
    """
    aside = scratch / "card"
    for name, content in files.items():
        (aside / name).parent.mkdir(parents=True, exist_ok=True)
        (aside / name).write_bytes(content)
    if folder.exists():
        os.replace(folder, scratch / "old")
    os.replace(aside, folder)


def _sheets(home: Home, facts: Facts) -> Iterator[tuple[str, bytes]]:
    for category in facts["categories"]["category"].head(SHEETS):
        frames = home.lake.scan("clip_frames", category).head(SEEN_FRAMES)
        if sheet := contact_sheet(frames, home.frames(category)):
            yield category, sheet


def _written(home: Home) -> list[str]:
    """The tables of the graph and the subsets that have a file."""
    names = [*tables.OVER_ALL, *tables.PER_CATEGORY, *(file.name for file in sql_files("subsets"))]
    return [name for name in names if home.lake.paths(name)]


def _published(facts: Facts, content: str) -> Published:
    total = totals(facts)
    return Published(
        version=f"{version_of('internvid-assets')}+{content}",
        published_on=_last_made(facts),
        description=f"{total['clips']:,} captioned clips from {total['videos']:,} videos.",
        licences=facts["licences"]["licence"].to_list() or ["not stated"],
    )


def _last_made(facts: Facts) -> date:
    """The date of the last call, so that equal content gives equal metadata."""
    day = facts["costs"].select(pl.col("last_called_on").max()).item()
    return day or date(1970, 1, 1)
