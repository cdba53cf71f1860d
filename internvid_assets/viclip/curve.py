"""The loss curve: one JSON line per step, truncated to the checkpoint when a run resumes."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "losses.jsonl"


@dataclass(frozen=True)
class StepReport:
    """The report of one step."""

    step: int
    """Number of completed steps, from 1."""
    loss: float
    learning_rate: float
    temperature: float
    samples_per_second: float
    """Over all processes, averaged over the steps that were reported together."""
    loader_share: float
    """Fraction of that time spent waiting for batches."""
    memory_bytes: int
    """Peak memory of the first process's GPU; 0 on a CPU."""


def append(output: Path, reports: Sequence[StepReport]) -> None:
    """Append the lines of further steps."""
    with (output / NAME).open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(report)) + "\n" for report in reports)


def read(output: Path) -> list[StepReport]:
    """All steps in order; a line cut off by a kill is ignored."""
    path = output / NAME
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
    return [StepReport(**json.loads(line)) for line in lines if line.endswith("\n")]


def cut_back(output: Path, step: int) -> None:
    """Remove the steps after `step`, which will be repeated."""
    kept = [report for report in read(output) if report.step <= step]
    aside = output / f".{NAME}.unfinished"
    aside.write_text("".join(json.dumps(asdict(report)) + "\n" for report in kept), encoding="utf-8")
    os.replace(aside, output / NAME)
