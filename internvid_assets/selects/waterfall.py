"""How a subset narrows its selection: a Markdown table with bars that shrink from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping

WIDTH_CHARACTERS = 40


def waterfall(steps: Mapping[str, int]) -> str:
    """A Markdown table of the rows that each step leaves."""
    most = max(*steps.values(), 1)
    bars = [(step, rows, "█" * round(WIDTH_CHARACTERS * rows / most)) for step, rows in steps.items()]
    lines = [f"| {step} | {rows:,} | {rows / most:.1%} | {bar} |" for step, rows, bar in bars]
    return "\n".join(["| step | rows | share | |", "| --- | ---: | ---: | :--- |", *lines])
