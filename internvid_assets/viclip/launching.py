"""Preparing a training run from the settings and the lake: its rows, its configuration, its command."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.home import Home
from internvid_assets.language.verbs import tagger_identity
from internvid_assets.settings import beside_settings
from internvid_assets.viclip.lifeline import PARENT
from internvid_assets.viclip.rows import file_hash, training_rows, write_rows
from internvid_assets.viclip.trained_on import keep_recipes
from internvid_assets.viclip.training_config import TrainingConfig
from internvid_assets.viclip_parameters import effective

MODULE = "internvid_assets.viclip.train"
CAPTIONS = ("fused_captions", "center_captions", "dense_captions")
FOLDER, CURRENT, CONFIG = "checkpoints", "current.txt", "run.json"
OF_LAUNCHER = ("subsets", "initial", "tokenizer", "captions", "processes", "launch_options")


@dataclass(frozen=True)
class Launch:
    """A run that is ready to start, or to resume."""

    config: TrainingConfig
    config_file: Path
    clips: int
    left_out: Mapping[str, int]

    def command(self, processes: int, options: list[str]) -> list[str]:
        """With accelerate's launcher, unless there is only one process and no option."""
        if processes == 1 and not options:
            return [sys.executable, "-m", MODULE, str(self.config_file)]
        given = ["--num_processes", str(processes), "--mixed_precision", self.config.precision]
        quiet = ["--num_machines", "1", "--dynamo_backend", "no", "--main_process_port", "0"]
        launcher = [sys.executable, "-m", "accelerate.commands.launch", *given, *quiet, *options]
        return [*launcher, "-m", MODULE, str(self.config_file)]

    def environment(self) -> dict[str, str]:
        """Makes the training processes end with this one."""
        return {PARENT: str(os.getpid())}


def shared_parameters(home: Home) -> dict[str, Any]:
    """The values of `[training]` in force."""
    return effective("training", home.settings.training, home.settings.profile)


def prepared(home: Home, asset: str, subset: str, *, initial: str) -> Launch:
    """Write the rows of a subset and the configuration of a phase to a folder named after their hashes.

    Equal settings, rows and weights give the same folder, where training resumes; otherwise it starts in a new one.
    """
    shared = shared_parameters(home)
    phase = effective(asset, home.settings.parameters(asset), home.settings.profile)
    folder = home.path / FOLDER / asset / subset
    folder.mkdir(parents=True, exist_ok=True)
    with home.store.scratch() as scratch:
        aside = scratch / "rows.arrow"
        rows = _rows_of(home, subset, shared["captions"])
        rows_hash = write_rows(rows.rows, aside)
        config = _config({**shared, **phase}, home, folder, initial=initial, tokenizer=shared["tokenizer"])
        run = config.identity(file_hash(_weights(initial)))
        output = folder / f"{run[:8]}-{rows_hash[:8]}"
        output.mkdir(exist_ok=True)
        os.replace(aside, output / "rows.arrow")
    config = config.model_copy(update={"rows": output / "rows.arrow", "output": output / "training"})
    keep_recipes(home.lake, output)
    (output / CONFIG).write_text(config.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return Launch(config, output / CONFIG, rows.rows.height, rows.left_out)


def _config(values: dict[str, Any], home: Home, folder: Path, *, initial: str, tokenizer: str) -> TrainingConfig:
    fields = {name: value for name, value in values.items() if name not in OF_LAUNCHER}
    return TrainingConfig(
        **fields,
        rows=folder,
        output=folder,
        frame_stores=home.path / "frames",
        initial=initial,
        tokenizer=tokenizer or clip_folder(home),
        verb_tagger=" ".join(tagger_identity()) if values["verb_phrases"] else "",
    )


def _rows_of(home: Home, subset: str, weights: Mapping[str, float]) -> Any:
    for name in weights:
        if name not in CAPTIONS:
            raise UserError(f"training.captions has {name!r}: expected some of {', '.join(CAPTIONS)}")
    lake = home.lake
    chosen = lake.scan(subset, schema=tables.ChosenClips)
    captions = {name: lake.scan_all(name) for name in weights}
    return training_rows(chosen, lake.scan_all("clip_frames"), captions, weights)


def clip_folder(home: Home) -> str:
    """The initial CLIP: the configured one, else the folder of the profile's embedder."""
    chosen = home.settings.training.initial
    clip = str(beside_settings(Path(chosen))) if chosen else home.models.specs["embedder"].source
    if not Path(clip).exists():
        way_out = "set training.initial in internvid.toml to the folder or file of a CLIP"
        raise UserError(f"the initial CLIP {clip!r} is not on this machine; {way_out}")
    return clip


def _weights(initial: str) -> Path:
    from internvid_assets.models.viclip.checkpoint import weights_file

    return weights_file(Path(initial))


def publish(home: Home, asset: str, subset: str, checkpoint: Path) -> None:
    """Make a finished checkpoint the current one of its asset and subset."""
    folder = home.path / FOLDER / asset / subset
    aside = folder / f".{CURRENT}.unfinished"
    aside.write_text(f"{checkpoint.relative_to(folder)}\n", encoding="utf-8")
    os.replace(aside, folder / CURRENT)


def current(home: Home, asset: str, subset: str) -> Path:
    """The current checkpoint of an asset and subset; raises UserError if there is none."""
    folder = home.path / FOLDER / asset / subset
    if not (folder / CURRENT).is_file():
        way_out = f"""internvid materialize key:{asset} --set 'training.subsets=["{subset}"]'"""
        raise UserError(f"no checkpoint {asset} of {subset}; run: {way_out}")
    return folder / (folder / CURRENT).read_text(encoding="utf-8").strip()
