"""A large partition is filled in bounded memory: the peak hardly grows with the rows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def peak_gigabytes(rows: int) -> float:
    command = [sys.executable, "-m", "benchmarks.fill", str(rows)]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = re.search(r"peak memory ([\d.]+) GB", printed)
    assert found, printed
    return float(found[1])


@pytest.mark.slow
def test_a_million_rows_take_no_more_than_their_share_of_four_gigabytes():
    """Ten million rows were measured at 1.3 GB; a million above 1.2 GB would be on the way to more than 4."""
    assert peak_gigabytes(1_000_000) < 1.2
