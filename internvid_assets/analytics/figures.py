"""The paper's figures for this dataset, as PNGs small enough for a run's metadata.

Drawn by Matplotlib's Agg, which needs neither a browser nor a display; equal numbers give equal bytes.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from internvid_assets.analytics.facts import Facts
from internvid_assets.evaluation.plots import recipes_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OURS, PAPER = "#3b6ea5", "#d8a13a"
WIDTH_INCHES, HEIGHT_INCHES, DOTS_PER_INCH = 5.6, 2.4, 100
MOST_BARS = 20


@dataclass(frozen=True)
class Drawn:
    """One figure: the name of its fact, its title, its image."""

    name: str
    title: str
    png: bytes


@dataclass(frozen=True)
class Bars:
    """How a fact is drawn: bars of `value` by `label`, next to those of the paper's `measure`."""

    fact: str
    title: str
    label: str
    value: str = "share"
    measure: str | None = None
    is_horizontal: bool = False


BARS = (
    Bars("funnel", "From candidates to subsets: videos, then clips", "step", "count", is_horizontal=True),
    Bars("categories", "Eligible videos by category", "category", is_horizontal=True),
    Bars("languages", "Eligible videos by language", "language"),
    Bars("video_durations", "Video durations (minutes)", "minutes", measure="videos_by_duration"),
    Bars("resolutions", "Shorter side of the videos (pixels)", "pixels", measure="videos_by_resolution"),
    Bars("clip_durations", "Clip durations (seconds)", "seconds", measure="clips_by_duration"),
    Bars("caption_lengths", "Caption lengths (words)", "words", measure="captions_by_length"),
    Bars("aesthetics", "Aesthetic scores", "score_from"),
    Bars("similarities", "Similarity of clip and caption (umt_score)", "score_from"),
    Bars("verbs", "Unique verbs", "scope", "unique_verbs", is_horizontal=True),
)


def figures(facts: Facts) -> list[Drawn]:
    """All figures with data, in the order of the card."""
    drawn = [Drawn(bars.fact, bars.title, _png(bars, facts)) for bars in BARS if not facts[bars.fact].is_empty()]
    return drawn if facts["models"].is_empty() else [*drawn, _models(facts["models"])]


def _models(rows: pl.DataFrame) -> Drawn:
    recipes = rows.rename({"after": "ours", "paper_after": "paper"}).to_dicts()
    return Drawn("models", "Models trained on this dataset: accuracy and recall in percent", recipes_png(recipes))


def _png(bars: Bars, facts: Facts) -> bytes:
    from matplotlib.figure import Figure

    rows = facts[bars.fact].head(MOST_BARS)
    height = max(HEIGHT_INCHES, 0.22 * rows.height + 0.6) if bars.is_horizontal else HEIGHT_INCHES
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    labels = [_label(bars, row) for row in rows.iter_rows(named=True)]
    values = rows[bars.value].fill_null(0).to_list()
    if bars.is_horizontal:
        _horizontal(axes, labels, values)
    else:
        _vertical(axes, dict(zip(labels, values, strict=True)), _papers(bars, facts["compared"]))
    axes.set_title(bars.title, fontsize=10, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    if bars.value == "share":
        (axes.xaxis if bars.is_horizontal else axes.yaxis).set_major_formatter(lambda share, _: f"{share:.0%}")
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", metadata={"Software": None}, pil_kwargs={"optimize": True})
    return drawn.getvalue()


def _label(bars: Bars, row: Mapping[str, object]) -> str:
    return f"{row['score_from']:g}-{row['score_to']:g}" if bars.label == "score_from" else str(row[bars.label])


def _papers(bars: Bars, compared: pl.DataFrame) -> dict[str, float]:
    """The paper's share of each bucket, where published."""
    own = compared.filter(pl.col("measure").eq_missing(pl.lit(bars.measure)))
    return dict(own.select("bucket", "paper").iter_rows())


def _vertical(axes: Axes, ours: Mapping[str, float], papers: Mapping[str, float]) -> None:
    names = [*papers, *(name for name in ours if name not in papers)]
    width = 0.4 if papers else 0.7
    shift = width / 2 if papers else 0
    middles = range(len(names))
    axes.bar([at - shift for at in middles], [ours.get(name, 0) for name in names], width, color=OURS)
    if papers:
        axes.bar([at + shift for at in middles], [papers.get(name, 0) for name in names], width, color=PAPER)
        axes.legend(["this dataset", "InternVid, as published"], fontsize=8, frameon=False)
    axes.set_xticks(middles, names)


def _horizontal(axes: Axes, names: Sequence[str], values: Sequence[float]) -> None:
    axes.barh(range(len(names)), values, 0.7, color=OURS)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
