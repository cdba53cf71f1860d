"""Rows that fail now and then are data; a reason that takes a tenth of a table is news."""

from __future__ import annotations

import polars as pl
import pytest

from internvid_assets.cells.failures import failures


def table(fine: int, **failed: int) -> pl.LazyFrame:
    errors = [None] * fine + [code for code, count in failed.items() for _ in range(count)]
    return pl.LazyFrame({"error": errors}, schema={"error": pl.String})


@pytest.mark.parametrize(
    ("rows", "frequent"),
    [
        (table(20), {}),
        (table(18, timed_out=2), {}),
        (table(17, timed_out=3), {"timed_out": 0.15}),
        (table(90, timed_out=5, refused=5), {}),
        (table(80, timed_out=5, refused=15), {"refused": 0.15}),
        (table(0, timed_out=19), {}),
        (table(0, timed_out=20), {"timed_out": 1.0}),
        (table(0), {}),
    ],
)
def test_a_reason_is_frequent_that_took_a_tenth_of_the_rows(rows, frequent):
    assert failures(rows).frequent == pytest.approx(frequent)


def test_every_share_is_told():
    told = failures(table(97, timed_out=1, refused=2)).metadata()
    assert told == {"rows": 100, "shares": {"refused": 0.02, "timed_out": 0.01}}
