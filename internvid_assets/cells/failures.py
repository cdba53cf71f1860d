"""The share of a table's rows that failed, by error code: a large one suggests that not the rows are to blame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

FEWEST_ROWS = 20
"""With fewer rows, a share says little."""
LARGEST_SHARE = 0.1


@dataclass(frozen=True)
class Failures:
    """`shares` of all `rows`, by error code."""

    rows: int
    shares: dict[str, float]

    @property
    def frequent(self) -> dict[str, float]:
        """The error codes of more than a tenth of the rows."""
        return {
            code: share for code, share in self.shares.items() if share > LARGEST_SHARE and self.rows >= FEWEST_ROWS
        }

    def metadata(self) -> dict[str, Any]:
        """The metadata of the check."""
        return {"rows": self.rows, "shares": {code: round(share, 4) for code, share in self.shares.items()}}


def failures(table: pl.LazyFrame) -> Failures:
    """Count the failed rows of a table of calls; a row with an error has no values."""
    counted = table.group_by("error").len().sort("error").collect()
    rows = int(counted["len"].sum())
    return Failures(rows, {code: count / rows for code, count in counted.drop_nulls("error").iter_rows()})
