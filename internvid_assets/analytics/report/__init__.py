"""The report: one self-contained HTML file with the funnel, the figures and a gallery of clips."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

import polars as pl

from internvid_assets.analytics.card import table_text
from internvid_assets.analytics.facts import Facts
from internvid_assets.analytics.figures import Drawn
from internvid_assets.analytics.page import as_html, data_uri

COLUMNS = "clip_id category start_seconds end_seconds caption said umt_score aesthetic_score source frames".split()
"""Columns of the gallery; `said` is the transcript, `frames` a strip of frames as a base64 JPEG."""
TITLE = "Dataset report"


def report_page(facts: Facts, figures: Sequence[Drawn], clips: pl.DataFrame, strips: Mapping[str, bytes]) -> str:
    """The page of `clips`, in their order; `strips` are JPEGs by clip_id, for the clips that are shown with frames.

    Rows are compressed JSON, so tens of thousands of clips are a few megabytes; the script renders the visible ones.
    """
    pictures = {clip_id: base64.b64encode(strip).decode() for clip_id, strip in strips.items()}
    frames = clips["clip_id"].replace_strict(pictures, default=None, return_dtype=pl.String)
    script = _part("page.js")
    return Template(_part("page.html")).substitute(
        title=escape(TITLE),
        style=_part("page.css"),
        summary=as_html(_summary(facts), {}),
        figures="\n".join(_figure(figure) for figure in figures),
        rows=_packed(clips.with_columns(frames=frames).select(COLUMNS)),
        script=script,
        script_hash=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
    )


def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _summary(facts: Facts) -> str:
    sections = [table_text(facts["totals"]), "## From candidates to subsets", table_text(facts["funnel"])]
    return "\n\n".join([*sections, "## Rejections", table_text(facts["rejections"])])


def _figure(figure: Drawn) -> str:
    return f'<img alt="{escape(figure.title)}" src="{data_uri(".png", figure.png)}">'


def _packed(rows: pl.DataFrame) -> str:
    """Rows as gzipped JSON in base64, which needs no HTML escaping."""
    table = json.dumps({"columns": rows.columns, "rows": rows.rows()}, ensure_ascii=False)
    return base64.b64encode(gzip.compress(table.encode(), mtime=0)).decode()
