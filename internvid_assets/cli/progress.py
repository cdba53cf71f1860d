"""Progress of fills: one moving bar in a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from internvid_assets.cells.fill import Progress

SECONDS_BETWEEN_LINES = 5.0


class FillProgress:
    """Tells a person on standard error how far the running fill is; in a terminal a finished one leaves no trace."""

    def __init__(self) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            transient=True,
        )
        self._last_line = time.monotonic()

    def __enter__(self) -> FillProgress:
        if sys.stderr.isatty():
            self._bars.start()
        return self

    def __exit__(self, *raised: object) -> None:
        if sys.stderr.isatty():
            self._bars.stop()

    def of(self, asset: str, category: str) -> Progress:
        """Where one fill reports to."""
        return self.on(f"{asset} {category}", "calls")

    def on(self, what: str, units: str) -> Progress:
        """Where anything that is counted in `units` reports to."""
        return self._bar(what) if sys.stderr.isatty() else self._lines(what, units)

    def say(self, line: str) -> None:
        """A line that stays, above the bars."""
        self._bars.console.print(line, highlight=False, soft_wrap=True)

    def _bar(self, what: str) -> Progress:
        task = self._bars.add_task(what, total=None, visible=False)

        def report(made: int, to_make: int) -> None:
            self._bars.update(task, completed=made, total=to_make, visible=made < to_make)

        return report

    def _lines(self, what: str, units: str) -> Progress:
        started = time.monotonic()

        def report(made: int, to_make: int) -> None:
            now = time.monotonic()
            if now - self._last_line < SECONDS_BETWEEN_LINES:
                return
            self._last_line = now
            left = (now - started) / made * (to_make - made) if made else 0.0
            ahead = f", about {_duration(left)} left" if 0 < made < to_make else ""
            print(f"{what}: {made:,} of {to_make:,} {units}{ahead}", file=sys.stderr, flush=True)

        return report


def _duration(seconds: float) -> str:
    """Two figures are enough: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
