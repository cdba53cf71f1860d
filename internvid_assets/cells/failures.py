"""What share of a table's rows failed, by reason: whether something but the rows may be broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

FEWEST_ROWS = 20
"""Of fewer, a share says little."""
LARGEST_SHARE = 0.1


@dataclass(frozen=True)
class Failures:
    """`shares` of all `rows`, by error code."""

    rows: int
    shares: dict[str, float]

    @property
    def frequent(self) -> dict[str, float]:
        """The reasons that more than a tenth of the rows failed for."""
        return {
            code: share for code, share in self.shares.items() if share > LARGEST_SHARE and self.rows >= FEWEST_ROWS
        }

    def metadata(self) -> dict[str, Any]:
        """As a check shows them."""
        return {"rows": self.rows, "shares": {code: round(share, 4) for code, share in self.shares.items()}}


def failures(table: pl.LazyFrame) -> Failures:
    """Of a table of calls: whatever has an error has no values."""
    counted = table.group_by("error").len().sort("error").collect()
    rows = int(counted["len"].sum())
    return Failures(rows, {code: count / rows for code, count in counted.drop_nulls("error").iter_rows()})
