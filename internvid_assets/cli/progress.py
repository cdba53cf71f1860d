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
    """Tells a person how far the running fill is; a finished one leaves no line behind in a terminal."""

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
        self._bars.stop()

    def of(self, asset: str, category: str) -> Progress:
        """Where one fill reports to."""
        return self._bar(asset, category) if sys.stderr.isatty() else self._lines(asset, category)

    def _bar(self, asset: str, category: str) -> Progress:
        task = self._bars.add_task(f"{asset} {category}", total=None)

        def told(made: int, to_make: int) -> None:
            self._bars.update(task, completed=made, total=to_make)
            if made >= to_make:
                self._bars.remove_task(task)

        return told

    def _lines(self, asset: str, category: str) -> Progress:
        def told(made: int, to_make: int) -> None:
            if time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
                self._last_line = time.monotonic()
                print(f"{asset} {category}: {made:,} of {to_make:,}", file=sys.stderr, flush=True)

        return told
