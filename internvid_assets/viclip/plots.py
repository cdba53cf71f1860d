"""Plot of a training run: loss, learning rate and samples per second by step."""

from __future__ import annotations

import io
from collections.abc import Sequence

from internvid_assets.viclip.curve import StepReport


def curve_png(reports: Sequence[StepReport]) -> bytes:
    """A PNG with one panel each."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.6), layout="constrained")
    panels = {"loss": "loss", "learning rate": "learning_rate", "samples per second": "samples_per_second"}
    for axes, (title, name) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        axes.plot([report.step for report in reports], [getattr(report, name) for report in reports], linewidth=1)
        axes.set(title=title, xlabel="step", ylim=(0, None))
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=100)
    return data.getvalue()
