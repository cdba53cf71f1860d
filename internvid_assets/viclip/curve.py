"""The curve of losses: a line of JSON per step, cut back to where a run goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "losses.jsonl"


@dataclass(frozen=True)
class StepReport:
    """What one step did."""

    step: int
    """From 1: how many are done."""
    loss: float
    learning_rate: float
    temperature: float
    samples_per_second: float
    """Of all processes together, over the steps that were told together."""
    loader_share: float
    """Of that time, how much was spent on waiting for batches."""
    memory_bytes: int
    """The most that the first process's GPU held; 0 on a CPU."""


def append(output: Path, reports: Sequence[StepReport]) -> None:
    """Add the lines of further steps."""
    with (output / NAME).open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(report)) + "\n" for report in reports)


def read(output: Path) -> list[StepReport]:
    """Every step in its order; a line that a kill cut off is none."""
    path = output / NAME
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
    return [StepReport(**json.loads(line)) for line in lines if line.endswith("\n")]


def cut_back(output: Path, step: int) -> None:
    """Forget what came after `step`, which is done again."""
    kept = [report for report in read(output) if report.step <= step]
    aside = output / f".{NAME}.unfinished"
    aside.write_text("".join(json.dumps(asdict(report)) + "\n" for report in kept), encoding="utf-8")
    os.replace(aside, output / NAME)
