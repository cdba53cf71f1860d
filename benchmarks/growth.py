"""Plots how the query times measured by `benchmarks.scale` grow with the lake.

`python -m benchmarks.growth RESULTS.json ... --to PICTURE.png`
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

LINES = {
    "the paper's ten figures": "figure ",
    "FLT": "internvid_10m_flt",
    "which clips are FLT's": "which clips, internvid_10m_flt",
    "Aesthetics": "internvid_aesthetics_18m",
    "which clips are Aesthetics'": "which clips, internvid_aesthetics_18m",
    "warehouse": "warehouse",
    "reading three columns": "scan of three columns",
}
"""Each line of the plot, and the prefix of the queries whose seconds it sums."""


def draw(results: list[dict[str, Any]], picture: Path) -> None:
    """Both axes are logarithmic: linear growth is parallel to the dotted line."""
    from matplotlib.figure import Figure

    results = sorted(results, key=lambda result: result["clips"])
    clips = [result["clips"] for result in results]
    figure = Figure(figsize=(7, 4.2), dpi=110, layout="constrained")
    axes = figure.add_subplot(xscale="log", yscale="log", xlabel="clips in the lake", ylabel="seconds, two cores")
    for label, begins in LINES.items():
        axes.plot(clips, [seconds_of(result, begins) for result in results], marker="o", label=label)
    first = seconds_of(results[0], "figure ")
    axes.plot(clips, [first * each / clips[0] for each in clips], ":", color="grey", label="linear")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(picture)


def seconds_of(result: dict[str, Any], begins: str) -> float:
    return sum(seconds for what, seconds in result["seconds"].items() if what.startswith(begins))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("results", nargs="+", type=Path)
    parser.add_argument("--to", type=Path, required=True)
    arguments = parser.parse_args()
    draw([json.loads(path.read_text()) for path in arguments.results], arguments.to)


if __name__ == "__main__":
    main()
