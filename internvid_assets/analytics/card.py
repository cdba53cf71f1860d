"""The dataset card in Markdown: the content of the dataset, how it was made, and its known limits.

Each table is followed by its query: every number in the card is the result of a query.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from internvid_assets import tables
from internvid_assets.analytics.facts import QUESTIONS, Facts, totals
from internvid_assets.analytics.figures import Drawn
from internvid_assets.selects.files import sql_files

FIGURES, FRAMES = "figures", "frames"
"""Folders of a card, next to its text."""

LIMITS = """
- Captions are written by models from sampled frames (1 per second, and the centre frame): they do not cover events
  between frames, sound, or the identity of people. No person has checked them.
- Scores are raw model outputs: thresholds depend on the model (see `score_calibration`), and a high similarity does not
  make a caption correct.
- Shot boundaries are detected from changes of the image: slow dissolves may be missed, and camera flashes may cause
  false cuts.
- Videos are whatever the sources list. Categories and languages are as stated there; shares describe this collection
  only.
- The licence of a video is its owner's, as stated at the source. Before publishing clips, check each licence below;
  `not stated` is not a permission.
- Safety scores exist only if the profile has a model for them (see what is missing, below).
"""

OF_THE_SAMPLE = """
- This dataset was made with profile `sample`: its tiny models only recognize rendered moving shapes. On other videos,
  captions and scores are meaningless.
"""


@dataclass(frozen=True)
class Making:
    """How the dataset was made: its profile, and the recipe of each table as canonical JSON."""

    profile: str
    content: str
    """A version of everything in the card: equal content, equal version."""
    recipes: Mapping[str, str]


def card_text(facts: Facts, figures: Sequence[Drawn], sheets: Iterable[str], making: Making) -> str:
    """The whole card; its images are in `figures/` and `frames/` next to it, named after facts and categories."""
    sections = [
        *_introduction(facts, making),
        *_shown(facts, figures),
        *_sample_frames(sheets),
        "## Licences\n\nOf eligible videos, as stated at their sources.",
        _answer("licences", facts),
        "## Languages\n\nOf eligible videos, as stated at their sources; then of the speech in kept clips.",
        _answer("languages", facts),
        _answer("spoken", facts),
        "## Known limits\n" + LIMITS.rstrip() + (OF_THE_SAMPLE.rstrip() if making.profile == "sample" else "") + "\n",
        "## What is missing, and why",
        _answer("rejections", facts),
        _answer("coverage", facts),
        "## How it was made\n\nA recipe is everything a call depends on besides its input. Calls and time per recipe:",
        _answer("costs", facts),
        *_columns(making.recipes),
        *_selects(),
    ]
    return "\n\n".join(section.strip() for section in sections) + "\n"


def _introduction(facts: Facts, making: Making) -> Iterator[str]:
    total = totals(facts)
    yield "# Dataset card"
    yield (
        f"{total['clips']:,} clips with captions, {number(total['hours'])} hours and "
        f"{total['caption_words']:,} words, from {total['videos']:,} eligible videos. "
        f"Profile `{making.profile}`; content `{making.content}`."
    )
    yield "## In numbers"
    yield _answer("totals", facts)
    yield "For comparison, the datasets in table 1 of InternVid, as published:"
    yield _answer("published", facts, _table_one(facts))
    yield "Distributions compared with those in InternVid's paper:"
    yield _answer("compared", facts)
    yield "## From candidates to subsets"
    yield _answer("funnel", facts)
    yield _answer("subsets", facts)


def _table_one(facts: Facts) -> pl.DataFrame:
    return facts["published"].pivot("measure", index="dataset", values="value", maintain_order=True)


def _shown(facts: Facts, figures: Sequence[Drawn]) -> Iterator[str]:
    yield "## Figures"
    for figure in figures:
        yield f"### {figure.title}"
        yield f"![{figure.title}]({FIGURES}/{figure.name}.png)"
        yield _answer(figure.name, facts)


def _sample_frames(sheets: Iterable[str]) -> Iterator[str]:
    yield "## Sample frames\n\nCentre frames, spread evenly over each category."
    for category in sheets:
        yield f"### {category}\n\n![centre frames of {category}]({FRAMES}/{category}.jpg)"


def _columns(recipes: Mapping[str, str]) -> Iterator[str]:
    for table, schema in {**tables.OVER_ALL, **tables.PER_CATEGORY}.items():
        yield f"### {table}\n\n{(schema.__doc__ or '').strip()}"
        if table in recipes:
            yield _as_code(json.dumps(json.loads(recipes[table]), indent=1, ensure_ascii=False), "json")
        described = [{"column": name, "about": about.description} for name, about in schema.columns().items()]
        yield table_text(pl.DataFrame(described))


def _selects() -> Iterator[str]:
    yield "### Subsets and marts"
    yield "Each is one SQL select; its file in `sql/` is its recipe."
    files = [*sql_files("subsets"), *sql_files("marts")]
    yield table_text(pl.DataFrame([{"table": file.name, "one row is": file.grain} for file in files]))


def _answer(name: str, facts: Facts, shown: pl.DataFrame | None = None) -> str:
    """A fact as a table, followed by its query."""
    query = " ".join(QUESTIONS[name].split())
    return f"{table_text(facts[name] if shown is None else shown)}\n\n{_as_code(query, 'sql')}"


def table_text(rows: pl.DataFrame) -> str:
    """A Markdown table, numbers aligned right; cells are escaped."""
    marks = ["---:" if dtype.is_numeric() else ":---" for dtype in rows.dtypes]
    lines = [[number(value) for value in row] for row in rows.iter_rows()]
    return "\n".join("| " + " | ".join(line) + " |" for line in [rows.columns, marks, *lines])


def number(value: Any) -> str:
    """A value for display: integers in full, other numbers to four significant digits."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else _plain(str(value))


def _plain(text: str) -> str:
    """Escaped text on one line."""
    return re.sub(r"([\\`*\[\]<>|!&#])", r"\\\1", " ".join(text.split()))


def _as_code(text: str, language: str) -> str:
    """A fenced block that a fence inside it cannot end."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return f"{fence}{language}\n{text}\n{fence}"
