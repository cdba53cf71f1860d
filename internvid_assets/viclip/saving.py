"""Checkpoints of a training run: written atomically, with a marker file that has the position of the run.

output/
  losses.jsonl          one line per step
  step-00000500/        config.json and model.safetensors, which `load_viclip` reads
    optimizer.pt        AdamW's state
    rows.arrow          the training rows
    tokenizer.json      the tokenizer, unless it is CLIP's own
    complete.json       the marker, written last
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.store import flush
from internvid_assets.models.viclip.checkpoint import save_state
from internvid_assets.models.viclip.sizes import ViclipSizes
from internvid_assets.models.viclip.tokens import keep_words
from internvid_assets.viclip.training_config import TrainingConfig

MARK, OPTIMIZER, ROWS, CONFIG = "complete.json", "optimizer.pt", "rows.arrow", "training.json"
NAME = re.compile(r"step-(\d{8,})")


@dataclass(frozen=True)
class Position:
    """The position of a run, which determines its random numbers and its place in the data."""

    step: int
    """Completed steps."""
    steps: int
    """Total number of steps."""
    samples: int
    """Samples seen so far, over all epochs."""
    run: str
    """The configuration's identity."""
    rows: str
    """The hash of the rows."""
    loss: float | None = None
    """Of the last step."""

    @property
    def is_finished(self) -> bool:
        return self.step == self.steps


@dataclass(frozen=True)
class Saved:
    """A complete checkpoint."""

    folder: Path
    position: Position

    def optimizer(self) -> dict[str, Any]:
        return torch.load(self.folder / OPTIMIZER, map_location="cpu", weights_only=True)


def save(
    position: Position,
    *,
    model: Mapping[str, Tensor],
    sizes: ViclipSizes,
    optimizer: Mapping[str, Any],
    config: TrainingConfig,
) -> Path:
    """Write the checkpoint of `position` atomically, then remove all but the newest ones."""
    output = config.output
    final = output / f"step-{position.step:08}"
    aside = output / f".{final.name}.unfinished"
    shutil.rmtree(aside, ignore_errors=True)
    save_state(model, sizes, aside, rows=position.rows)
    torch.save(dict(optimizer), aside / OPTIMIZER)
    _link(config.rows, aside / ROWS)
    keep_words(config.tokenizer, aside)
    (aside / CONFIG).write_text(config.model_dump_json(indent=2) + "\n", encoding="utf-8")
    for file in aside.iterdir():
        flush(file)
    (aside / MARK).write_text(json.dumps(asdict(position)) + "\n", encoding="utf-8")
    flush(aside / MARK)
    shutil.rmtree(final, ignore_errors=True)
    os.replace(aside, final)
    flush(output)
    _prune(output, config.kept_checkpoints)
    return final


def _link(rows: Path, place: Path) -> None:
    """A hard link, or a copy if the file system does not support links."""
    with suppress(OSError):
        os.link(rows, place)
        return
    shutil.copyfile(rows, place)


def _prune(output: Path, keep: int) -> None:
    """The marker is removed first, so that a partly removed folder no longer counts as a checkpoint."""
    for saved in list(checkpoints(output))[:-keep]:
        (saved.folder / MARK).unlink()
        shutil.rmtree(saved.folder)


def checkpoints(output: Path) -> Iterator[Saved]:
    """The complete checkpoints, oldest first. Raises UserError for a marker that cannot be read."""
    for folder in sorted(path for path in output.glob("step-*") if NAME.fullmatch(path.name)):
        mark = folder / MARK
        if mark.is_file():
            try:
                yield Saved(folder, Position(**json.loads(mark.read_text(encoding="utf-8"))))
            except (ValueError, TypeError) as error:
                reason = " ".join(str(error).split())[:200]
                way_out = f"remove {folder}: training resumes from the checkpoint before it"
                raise UserError(f"{mark} is damaged ({reason}); {way_out}") from None


def newest(output: Path) -> Saved | None:
    """The checkpoint from which a run of this output resumes."""
    return max(checkpoints(output), key=lambda saved: saved.position.step, default=None)


def finished(output: Path) -> Saved:
    """The final checkpoint of a finished run; raises UserError if it is not finished."""
    last = newest(output)
    if last is None or not last.position.is_finished:
        stands = f"is at step {last.position.step} of {last.position.steps}" if last else "has no checkpoint"
        raise UserError(f"the training in {output} {stands}; run it again: it resumes from there")
    return last
