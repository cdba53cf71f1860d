"""Evaluation videos: one scene each, with distinct captions, drawn apart from all training worlds."""

from __future__ import annotations

import csv
import io
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from fractions import Fraction
from pathlib import Path

import numpy as np

from internvid_assets.sample_world.encode import encode
from internvid_assets.sample_world.plans import Shot, VideoPlan
from internvid_assets.sample_world.scenes import ACTIONS, Scene, clip_caption, random_scene
from internvid_assets.tables import CATEGORIES

LIST_FILE = "labelled.csv"
COLUMNS = ("path", "label", "caption")
WIDTH_PIXELS, HEIGHT_PIXELS, FPS = 320, 180, 12
_STREAM = 0x1ABE1
"""Separates the random draws from those of a world with the same seed."""


def labelled_scenes(count: int, seed: int) -> list[Scene]:
    """Scenes with distinct captions, cycling through the actions; a shorter list is a prefix of a longer one."""
    rng = np.random.default_rng((_STREAM, seed))
    scenes: dict[str, Scene] = {}
    while len(scenes) < count:
        scene = random_scene(rng, action=ACTIONS[len(scenes) % len(ACTIONS)])
        scenes.setdefault(clip_caption(scene), scene)
    return list(scenes.values())


def labelled_videos(
    count: int, seed: int, to: Path, *, workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Render the videos into the folder `to`; returns a csv of path, label (the action) and caption.

    The same seed and library versions give the same bytes; existing videos are kept.
    """
    scenes = labelled_scenes(count, seed)
    plans = [_plan(scene, seed, number) for number, scene in enumerate(scenes)]
    to.mkdir(parents=True, exist_ok=True)
    missing = [plan for plan in plans if not (to / plan.file_name).exists()]
    spawn = multiprocessing.get_context("spawn")  # forked copies of loaded codecs and threads may hang
    if missing:
        with ProcessPoolExecutor(min(workers, len(missing)), mp_context=spawn) as pool:
            rendered = [pool.submit(encode, plan, to / plan.file_name) for plan in missing]
            for done, one in enumerate(as_completed(rendered), start=1):
                one.result()
                if progress:
                    progress(done, len(missing))
    return _listed(to, plans, scenes)


def _plan(scene: Scene, seed: int, number: int) -> VideoPlan:
    """The whole scene as one shot without sound."""
    frames, base = round(scene.duration_seconds * FPS), Fraction(1, 15360)
    return VideoPlan(
        video_id=f"labelled-{seed}-{number:05d}",
        category=CATEGORIES[number % len(CATEGORIES)],
        container="mp4",
        video_codec="libx264",
        preset="ultrafast",
        audio_codec=None,
        width=WIDTH_PIXELS,
        height=HEIGHT_PIXELS,
        fps=FPS,
        time_base=base,
        ticks=tuple(int(frame / (FPS * base)) for frame in range(frames + 1)),
        shots=(Shot(scene, "normal", 0, frames, None),),
        language="en",
        has_subtitles=False,
    )


def _listed(to: Path, plans: list[VideoPlan], scenes: list[Scene]) -> Path:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(
        (plan.file_name, scene.action, clip_caption(scene)) for plan, scene in zip(plans, scenes, strict=True)
    )
    path = to / LIST_FILE
    aside = path.with_name(f".{LIST_FILE}.part")
    aside.write_text(text.getvalue(), encoding="utf-8")
    os.replace(aside, path)
    return path
