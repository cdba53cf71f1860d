"""The recipes of evaluations: settings, prompt templates and the initial CLIP; checkpoints and videos are inputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.recipes import Recipe
from internvid_assets.evaluation.checkpoints import CLIP
from internvid_assets.evaluation.listing import TASKS
from internvid_assets.evaluation.running import templates_of
from internvid_assets.evaluation.zero_shot import templates
from internvid_assets.home import Home
from internvid_assets.models.specs import files_revision
from internvid_assets.settings import beside_settings
from internvid_assets.viclip.checkpoint_recipes import clip_identity, in_force, tokenizer_identity

DRAWN = ("drawn_videos", "drawn_seed")
OF_FRAMES = {"clip_frames": ("short_side_pixels", "jpeg_quality"), "videos": ("max_pixels",)}


def evaluation_recipes(home: Home, code: Mapping[str, str]) -> dict[str, Recipe]:
    """By asset; `code` has the code hash of each. Parameters have the full names of their settings."""
    before = _before_training(home)
    models = (clip_identity(home), tokenizer_identity(home)) if before else ()
    judged: dict[str, Any] = {"evaluation.checkpoints": home.settings.evaluation.checkpoints, **before}
    return {
        "evaluation_videos": Recipe("evaluation_videos", code["evaluation_videos"], *_videos(home)),
        "zero_shot_actions": Recipe(
            "zero_shot_actions", code["zero_shot_actions"], judged, models, prompt=_wordings(home)
        ),
        "linear_probe": Recipe(
            "linear_probe", code["linear_probe"], {**judged, **in_force(home, "linear_probe")}, models
        ),
        "video_text_retrieval": Recipe("video_text_retrieval", code["video_text_retrieval"], judged, models),
    }


def _videos(home: Home) -> tuple[dict[str, Any], tuple[tuple[str, str], ...]]:
    """Which videos are used and how their frames are stored, and the hash of each csv that lists them."""
    parameters = home.settings.evaluation
    named = {task: getattr(parameters, task) for task in TASKS}
    drawn = DRAWN if not all(named.values()) else ()
    chosen = {f"evaluation.{name}": getattr(parameters, name) for name in (*TASKS, *drawn)}
    for section, names in OF_FRAMES.items():
        chosen |= {f"{section}.{name}": getattr(home.settings.parameters(section), name) for name in names}
    lists = [beside_settings(Path(source)) for source in named.values() if source]
    return chosen, tuple((path.name, files_revision(path)) for path in lists if path.is_file())


def _wordings(home: Home) -> str:
    """The template lines, since a custom file may change; for a file that cannot be read, its name."""
    name = templates_of(home)
    try:
        return "\n".join(templates(name))
    except UserError:
        return name


def _before_training(home: Home) -> dict[str, Any]:
    """The parameters that turn the initial CLIP into a video model, if it is among the checkpoints."""
    if CLIP not in home.settings.evaluation.checkpoints:
        return {}
    shared = in_force(home, "training")
    return {name: shared[name] for name in ("training.frames", "training.context_tokens")}
