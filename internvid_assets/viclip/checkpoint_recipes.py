"""The recipes of checkpoints: code, the settings in force, and the initial CLIP; the training rows are inputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from internvid_assets.cells.recipes import Recipe
from internvid_assets.home import Home
from internvid_assets.language.verbs import tagger_identity
from internvid_assets.models.specs import files_revision
from internvid_assets.settings import beside_settings
from internvid_assets.viclip_parameters import effective

RECIPE = "recipe.json"
"""File next to a run's output with the text of its recipe."""
MASKED, UNMASKED, BETWEEN = "viclip_masked_checkpoint", "viclip_checkpoint", "viclip_interpolated_checkpoint"


def checkpoint_recipes(home: Home, code: Mapping[str, str]) -> dict[str, Recipe]:
    """By asset; `code` has the code hash of each. Parameters have the full names of their settings.

    What a phase inherits from the previous one is not in its recipe: it enters through the weights it reads.
    """
    words, begins = tokenizer_identity(home), clip_identity(home)
    models = {MASKED: (begins, words), UNMASKED: (words,), BETWEEN: (begins,)}
    own = {name: in_force(home, name) for name in models}
    for name in (MASKED, UNMASKED):
        if own[name][f"{name}.verb_phrases"]:
            models[name] += (tagger_identity(),)
    shared = in_force(home, "training", but=("initial", "tokenizer"))
    settings = {name: own[name] if name == BETWEEN else {**shared, **own[name]} for name in models}
    return {name: Recipe(name, code[name], settings[name], models[name]) for name in models}


def in_force(home: Home, section: str, *, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """`section.name` -> its value under the profile, for the parameters that are part of a recipe."""
    parameters = home.settings.parameters(section)
    values = effective(section, parameters, home.settings.profile)
    return {f"{section}.{name}": values[name] for name in parameters.of_recipe() if name not in but}


def clip_identity(home: Home) -> tuple[str, str]:
    """(name, weights revision) of the initial CLIP; the file need not be on this machine."""
    chosen = home.settings.training.initial
    return _identity(beside_settings(Path(chosen))) if chosen else home.models.specs["embedder"].identity


def tokenizer_identity(home: Home) -> tuple[str, str]:
    """(name, revision) of the tokenizer; CLIP's own never changes."""
    tokenizer = home.settings.training.tokenizer
    fixed = {"": ("tokenizer", "of the CLIP to begin with"), "clip": ("tokenizer", "of OpenAI's CLIP")}
    return fixed[tokenizer] if tokenizer in fixed else _identity(Path(tokenizer))


def _identity(path: Path) -> tuple[str, str]:
    return path.name, files_revision(path) if path.exists() else "not on this machine"


def kept_recipe(recipe: Recipe, folder: Path) -> dict[str, str]:
    """Write the recipe next to a run's output, so that checkpoints can be found by it; returns metadata for the UI."""
    (folder / RECIPE).write_text(recipe.text() + "\n", encoding="utf-8")
    return {"recipe": recipe.text()}


def kept_recipes(checkpoints: Path) -> Iterator[tuple[Path, Recipe]]:
    """(folder, recipe) of every run below `checkpoints`."""
    for path in sorted(checkpoints.rglob(RECIPE)):
        fields = json.loads(path.read_text(encoding="utf-8"))
        yield path.parent, Recipe(**{**fields, "models": tuple(map(tuple, fields["models"]))})
