"""Evaluation of the checkpoints of a subset: zero-shot actions, linear probes, retrieval (InternVid 4.2)."""

import base64
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.recipes import Recipe, code_hash
from internvid_assets.evaluation import plots
from internvid_assets.evaluation.checkpoints import candidates
from internvid_assets.evaluation.evaluation_recipes import evaluation_recipes
from internvid_assets.evaluation.listing import TASKS, Pair, listed
from internvid_assets.evaluation.looking import videos_of
from internvid_assets.evaluation.running import (
    ActionsOf,
    actions_of,
    probe_of,
    retrieval_of,
    templates_of,
    videos_of_task,
)
from internvid_assets.home import WORKERS_NEED, Home
from internvid_assets.partitions import by_subset
from internvid_assets.selects.assets import whole_table, written_whole
from internvid_assets.settings import beside_settings
from internvid_assets.viclip.launching import FOLDER

CHECKPOINTS = ["viclip_masked_checkpoint", "viclip_checkpoint", "viclip_interpolated_checkpoint"]
MEASURES = ["running", "measuring", "checkpoints"]
CODE = {
    "evaluation_videos": ["listing", "looking"],
    "zero_shot_actions": [*MEASURES, "zero_shot", "plots"],
    "linear_probe": [*MEASURES, "probing", "zero_shot", "plots"],
    "video_text_retrieval": [*MEASURES, "retrieval"],
}


def code_of(asset: str) -> list[str]:
    return [f"internvid_assets.evaluation.{module}" for module in CODE[asset]]


def recipes(home: Home) -> dict[str, Recipe]:
    """The recipe of each asset: what it depends on besides its upstream data."""
    return evaluation_recipes(home, {asset: code_hash(code_of(asset)) for asset in CODE})


def of_checkpoints(table: str) -> dict[str, Any]:
    """The asset options of a table that evaluates the checkpoints of each subset."""
    options = whole_table(table, group="evaluation", code=code_of(table), kinds={"pytorch"})
    return {**options, "deps": ["evaluation_videos", *CHECKPOINTS], "partitions_def": by_subset}


@dg.asset(
    **whole_table("evaluation_videos", group="evaluation", code=code_of("evaluation_videos"), kinds={"ffmpeg", "lance"})
)
def evaluation_videos(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per video and text that models are evaluated on: from the configured sources, or rendered ones."""
    settings = home.settings
    tasks = {task: pairs_of(home, task) for task in TASKS}
    engine = LocalEngine(settings.workers, memory_bytes=settings.worker_memory_bytes, preload=WORKERS_NEED)
    with closing(engine):
        rows = videos_of(tasks, settings, engine, home.frames("evaluation"))
    return _written(home, "evaluation_videos", rows)


def pairs_of(home: Home, task: str) -> list[Pair]:
    """The pairs of the configured source; otherwise rendered videos, which are in no sample world for training."""
    parameters = home.settings.evaluation
    named = getattr(parameters, task)
    if named:
        return listed(beside_settings(Path(named)), task)
    from internvid_assets.sample_world.labelled import labelled_videos

    folder = home.path / "sample_world" / f"labelled-{parameters.drawn_seed}"
    return listed(
        labelled_videos(parameters.drawn_videos, parameters.drawn_seed, folder, workers=home.settings.workers), task
    )


@dg.asset(**of_checkpoints("zero_shot_actions"))
def zero_shot_actions(context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per checkpoint, measure and action (or all): zero-shot action recognition (InternVid 4.2)."""
    return _of_actions(home, "zero_shot_actions", context.partition_key, actions_of, templates=templates_of(home))


@dg.asset(**of_checkpoints("linear_probe"))
def linear_probe(context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per checkpoint, measure and action (or all): linear-probe accuracy on the test videos."""
    return _of_actions(home, "linear_probe", context.partition_key, probe_of)


@dg.asset(**of_checkpoints("video_text_retrieval"))
def video_text_retrieval(context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per checkpoint, direction, ranking and measure: video-text retrieval in both directions."""
    subset, videos, rows = context.partition_key, videos_of_task(home, "retrieval"), []
    with home.turn(FOLDER):
        for candidate in candidates(home, subset):
            rows += _named(retrieval_of(candidate, home, videos), subset, candidate.name, candidate.weights)
    return _written(home, "video_text_retrieval", pl.DataFrame(rows), subset)


def _of_actions(
    home: Home, table: str, subset: str, measure: Callable[..., ActionsOf], **shown: Any
) -> dg.MaterializeResult:
    """Write the table; the metadata have a table of all actions and a confusion matrix for each checkpoint."""
    videos, rows = videos_of_task(home, "actions"), []
    with home.turn(FOLDER):
        for candidate in candidates(home, subset):
            found = measure(candidate, home, videos)
            rows += _named(found.rows, subset, candidate.name, candidate.weights)
            shown[f"actions_of_{candidate.name}"] = dg.MetadataValue.md(plots.actions_table(found.rows))
            shown[f"confusion_of_{candidate.name}"] = _picture(plots.confusion_png(found.confusion, found.classes))
    return _written(home, table, pl.DataFrame(rows), subset, **shown)


def _written(
    home: Home, table: str, rows: pl.DataFrame, subset: str | None = None, **shown: Any
) -> dg.MaterializeResult:
    recipe = recipes(home)[table]
    return written_whole(home, table, rows, subset, made_by=recipe.hash, recipe=recipe.text(), **shown)


def _named(rows: list[dict[str, Any]], subset: str, checkpoint: str, weights: str) -> list[dict[str, Any]]:
    return [{"subset": subset, "checkpoint": checkpoint, "weights": weights, **row} for row in rows]


def _picture(png: bytes) -> dg.MarkdownMetadataValue:
    encoded = base64.b64encode(png).decode()
    return dg.MetadataValue.md(f"![confusion matrix](data:image/png;base64,{encoded})")
