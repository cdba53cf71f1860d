"""How a run of the whole suite is shared out to the workers of pytest-xdist."""

from __future__ import annotations

import os
from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

MOST = 4
"""A worker that has loaded the models takes 1.5 GB, and the processes it starts as much again."""
TOGETHER = ("cli", "graph")
"""Folders with a home that is made once for all of their files."""


def workers() -> int:
    """One per core."""
    return min(os.cpu_count() or 1, MOST)


class ByFixtures(LoadScopeScheduling):
    """A worker takes a whole file, or a whole folder: what a module or session needs is then made once."""

    def _split_scope(self, nodeid: str) -> str:
        file = PurePosixPath(nodeid.partition("::")[0])
        return str(file.parent if file.parent.name in TOGETHER else file)
