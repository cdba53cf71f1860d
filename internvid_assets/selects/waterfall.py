"""How a subset narrowed its choice, for people: a table in Markdown whose bars shrink from the top."""

from __future__ import annotations

from collections.abc import Mapping

WIDTH_CHARACTERS = 40


def waterfall(steps: Mapping[str, int]) -> str:
    """What each step leaves."""
    most = max(*steps.values(), 1)
    bars = [(step, rows, "█" * round(WIDTH_CHARACTERS * rows / most)) for step, rows in steps.items()]
    lines = [f"| {step} | {rows:,} | {rows / most:.1%} | {bar} |" for step, rows, bar in bars]
    return "\n".join(["| step | rows | share | |", "| --- | ---: | ---: | :--- |", *lines])
