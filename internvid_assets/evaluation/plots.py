"""Plots of evaluations: confusion matrices, and models by subset next to the paper's figures."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

MOST_NAMES = 40
"""With more classes, names would be illegible and are omitted."""


def confusion_png(counts: np.ndarray, classes: Sequence[str]) -> bytes:
    """From counts [C, C]: one row per true class, with the fractions of its videos by predicted class."""
    from matplotlib.figure import Figure

    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(3 + 0.25 * len(classes), 12)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="predicted", ylabel="true")
    if len(classes) <= MOST_NAMES:
        axes.set_xticks(range(len(classes)), classes, rotation=90)
        axes.set_yticks(range(len(classes)), classes)
    return _png(figure)


def actions_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """From rows of `zero_shot_actions`: a Markdown table with the metrics of each action."""
    values = {(row["action"], row["measure"]): row["value"] for row in rows}
    counts = {row["action"]: row["videos"] for row in rows}
    lines = [
        f"| {action.replace('|', '/')} | {videos} | {values[action, 'top_1']:.1f} | {values[action, 'top_5']:.1f} |"
        for action, videos in counts.items()
    ]
    return "\n".join(["| action | videos | top-1 % | top-5 % |", "| --- | ---: | ---: | ---: |", *lines])


def recipes_png(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """From rows of `training_recipes`: a row of panels per measure, the paper's on the left, ours on the right."""
    from matplotlib.figure import Figure

    measures = list(dict.fromkeys(row["measure"] for row in rows))
    figure = Figure(figsize=(9, 0.6 + 2 * max(1, len(measures))), layout="constrained")
    panels = figure.subplots(max(1, len(measures)), 2, squeeze=False)
    for line, measure in enumerate(measures):
        own = [row for row in rows if row["measure"] == measure]
        _bars(panels[line][0], f"{measure}, paper", {_named(row): row["paper"] for row in own})
        _bars(panels[line][1], f"{measure}, ours", {_named(row): row["ours"] for row in own})
    return _png(figure)


def _named(row: Mapping[str, Any]) -> str:
    is_interpolated = row["checkpoint"] == "viclip_interpolated_checkpoint"
    return f"{row['subset']}, interpolated" if is_interpolated else str(row["subset"])


def _bars(axes: Any, title: str, values: Mapping[str, float | None]) -> None:
    known = {name: value for name, value in values.items() if value is not None}
    axes.barh(list(known), list(known.values()), color="#3b6ea5")
    axes.set_title(title, fontsize=9)
    axes.tick_params(labelsize=7)
    axes.invert_yaxis()


def _png(figure: Any) -> bytes:
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=100)
    return data.getvalue()
