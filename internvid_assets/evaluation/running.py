"""Evaluating one checkpoint on one task: the rows of its table, and what the plots need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from internvid_assets.cells.errors import UserError
from internvid_assets.evaluation import probing, zero_shot
from internvid_assets.evaluation.checkpoints import Candidate, video_vectors
from internvid_assets.evaluation.measuring import action_rows, retrieval_rows
from internvid_assets.home import Home

WAY_OUT = "run: internvid materialize key:evaluation_videos; its rejection_reason says why a video is excluded"


@dataclass(frozen=True)
class ActionsOf:
    """The results of a checkpoint on actions."""

    rows: list[dict[str, Any]]
    classes: list[str]
    confusion: np.ndarray
    """int [classes, classes], as of `zero_shot.confusion`."""


def videos_of_task(home: Home, task: str) -> pl.DataFrame:
    """The videos that are not rejected; raises UserError if there are none."""
    found = home.lake.scan("evaluation_videos").filter(pl.col("task") == task, pl.col("rejection_reason").is_null())
    rows = found.sort("line").collect()
    if rows.is_empty():
        raise UserError(f"no video to evaluate {task} on; {WAY_OUT}")
    return rows


def templates_of(home: Home) -> str:
    """The configured templates, else those that fit the videos: actions of rendered videos are complete phrases."""
    parameters = home.settings.evaluation
    return parameters.templates or ("plain" if parameters.actions else "bare")


def actions_of(candidate: Candidate, home: Home, videos: pl.DataFrame) -> ActionsOf:
    """Zero-shot action recognition: the classes are the actions of the videos."""
    classes, labels = actions_in(videos)
    worded = zero_shot.prompts(classes, zero_shot.templates(templates_of(home)))
    texts = candidate.embedding.embed_texts([text for own in worded for text in own])
    vectors = video_vectors(candidate.embedding.embed_videos, home, videos)
    scores = zero_shot.class_scores(vectors, texts.reshape(len(classes), len(worded[0]), -1))
    return ActionsOf(action_rows(scores, labels, classes), classes, zero_shot.confusion(scores, labels))


def actions_in(videos: pl.DataFrame) -> tuple[list[str], np.ndarray]:
    """The distinct actions of the videos, and the label of each video, int [V]."""
    classes = sorted(set(videos["text"]))
    if len(classes) < 2:
        raise UserError(f"all videos show {classes[0]!r}: expected at least two actions; {WAY_OUT}")
    return classes, np.array([classes.index(text) for text in videos["text"]])


def probe_of(candidate: Candidate, home: Home, videos: pl.DataFrame) -> ActionsOf:
    """A linear probe on the frozen video encoder, trained on some of the videos and tested on others."""
    parameters, (classes, labels) = home.settings.linear_probe, actions_in(videos)
    shares = probing.Shares(validation=parameters.validation_share, test=parameters.test_share, seed=parameters.seed)
    contents = ["+".join(hashes) for hashes in videos["frame_hashes"]]
    splits = probing.split_of(contents, videos["text"].to_list(), videos["split"].to_list(), shares)
    features = video_vectors(candidate.embedding.video_features, home, videos)
    found = probing.probe(features, labels, splits, classes=len(classes), l2s=parameters.l2s, steps=parameters.steps)
    own, trained = labels[splits == probing.TEST], int((splits != probing.TEST).sum())
    chosen = {"l2": found.l2, "validation_top_1": found.validation_top_1, "training_videos": trained}
    rows = [{**row, **chosen} for row in action_rows(found.scores, own, classes)]
    return ActionsOf(rows, classes, zero_shot.confusion(found.scores, own))


def retrieval_of(candidate: Candidate, home: Home, videos: pl.DataFrame) -> list[dict[str, Any]]:
    """Among distinct videos and distinct captions; a video may have several, and a caption several videos."""
    files = videos.unique("path", keep="first", maintain_order=True)
    captions = list(dict.fromkeys(videos["text"]))
    relevant = np.zeros((files.height, len(captions)), dtype=bool)
    place = {path: number for number, path in enumerate(files["path"])}
    of_caption = {caption: number for number, caption in enumerate(captions)}
    for path, caption in videos.select("path", "text").iter_rows():
        relevant[place[path], of_caption[caption]] = True
    vectors = video_vectors(candidate.embedding.embed_videos, home, files)
    return retrieval_rows(vectors, candidate.embedding.embed_texts(captions), relevant)
