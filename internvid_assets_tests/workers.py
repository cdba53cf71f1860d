"""How a run of the whole suite is shared out to the workers of pytest-xdist."""

from __future__ import annotations

import os
from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
MAX_WORKERS = 4
"""One that has loaded the models takes 1.5 GB, and the processes that it starts as much again."""
TOGETHER = ("cli", "graph")
"""Folders with a home that is made once for all of their files: half of the suite's time."""


def unit_of(nodeid: str) -> str:
    """What a worker takes as a whole, in order: a file, so that what a module shares is made once, or a folder."""
    file = PurePosixPath(nodeid.partition("::")[0])
    return str(file.parent if file.parent.name in TOGETHER else file)


class ByUnit(LoadScopeScheduling):
    """Hands out the next unit, in the order of collection, to whoever is through with the last."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
