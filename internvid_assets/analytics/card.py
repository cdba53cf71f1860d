"""The dataset card: what is in it, how it was made, and what it is not good for, in Markdown.

Below each table stands the query that it answers: numbers of a card are asked, never written.
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
"""Folders of a card, beside its text."""

LIMITS = """
- Captions are written by models from sampled frames (1 per second, and the centre): what happens between two frames,
  what is heard, and who is seen are not in them. No person has checked them.
- Scores are raw model outputs: a threshold belongs to one model (see `score_calibration`), and a high similarity does
  not make a caption true.
- Cuts are found by changes of the picture: slow dissolves may be missed, camera flashes may cut.
- Videos are what their sources offered. Categories and languages are as told there; shares are no estimate of
  anything but this collection.
- The licence of a video is its owner's, as worded at the source. Who publishes clips has to ask for each licence below;
  `not told` is no permission.
- Safety scores exist only where the profile has a model for them (see what is missing, below).
"""

OF_THE_SAMPLE = """
- The profile `sample` is in force: its tiny models know rendered shapes that move. On other videos captions and scores
  mean nothing.
"""


@dataclass(frozen=True)
class Making:
    """How the dataset was made: its profile, and of each table its recipe as canonical JSON."""

    profile: str
    content: str
    """A version of all that the card tells of: equal content, equal version."""
    recipes: Mapping[str, str]


def card_text(facts: Facts, figures: Sequence[Drawn], sheets: Iterable[str], making: Making) -> str:
    """The whole card; its pictures lie in `figures/` and `frames/` beside it, named after facts and categories."""
    sections = [
        *_introduction(facts, making),
        *_shown(facts, figures),
        *_sample_frames(sheets),
        "## Licences\n\nOf eligible videos, as worded at their sources.",
        _answer("licences", facts),
        "## Languages\n\nOf eligible videos, as told at their sources; and of what is said in kept clips.",
        _answer("languages", facts),
        _answer("spoken", facts),
        "## Known limits\n" + LIMITS.rstrip() + (OF_THE_SAMPLE.rstrip() if making.profile == "sample" else "") + "\n",
        "## What is missing, and why",
        _answer("rejections", facts),
        _answer("coverage", facts),
        "## How it was made\n\nA recipe is what a call depends on besides its input: whose calls took how long.",
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
        f"{total['caption_words']:,} words, of {total['videos']:,} eligible videos. "
        f"Profile `{making.profile}`; content `{making.content}`."
    )
    yield "## In numbers"
    yield _answer("totals", facts)
    yield "Beside the datasets of InternVid's table 1, as published:"
    yield _answer("published", facts, _table_one(facts))
    yield "And what InternVid's paper says of its shares:"
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
    yield "## Sample frames\n\nCentre frames, evenly spread over a category."
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
    yield "Each is one select; its file in `sql/` is its recipe."
    files = [*sql_files("subsets"), *sql_files("marts")]
    yield table_text(pl.DataFrame([{"table": file.name, "one row is": file.grain} for file in files]))


def _answer(name: str, facts: Facts, shown: pl.DataFrame | None = None) -> str:
    """A fact as a table, with the query that it answers below."""
    query = " ".join(QUESTIONS[name].split())
    return f"{table_text(facts[name] if shown is None else shown)}\n\n{_as_code(query, 'sql')}"


def table_text(rows: pl.DataFrame) -> str:
    """A table in Markdown, numbers to the right; nothing in a cell is taken for markup."""
    marks = ["---:" if dtype.is_numeric() else ":---" for dtype in rows.dtypes]
    lines = [[number(value) for value in row] for row in rows.iter_rows()]
    return "\n".join("| " + " | ".join(line) + " |" for line in [rows.columns, marks, *lines])


def number(value: Any) -> str:
    """A value for people: integers whole, others to four significant digits."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else _plain(str(value))


def _plain(text: str) -> str:
    """Text in which no letter means markup, on one line."""
    return re.sub(r"([\\`*\[\]<>|!&#])", r"\\\1", " ".join(text.split()))


def _as_code(text: str, language: str) -> str:
    """A fenced block; a fence inside it cannot end it."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return f"{fence}{language}\n{text}\n{fence}"
