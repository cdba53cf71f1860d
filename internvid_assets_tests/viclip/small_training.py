"""A training run of seconds: two dozen clips of coloured pictures, and a ViCLIP of a few thousand weights."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import polars as pl
import torch
from tiniest import TINIEST

from internvid_assets import viclip
from internvid_assets.media.frames import FrameStore
from internvid_assets.models.viclip.checkpoint import save_viclip
from internvid_assets.models.viclip.model import Viclip
from internvid_assets.viclip.launching import OF_LAUNCHER
from internvid_assets.viclip.rows import write_rows
from internvid_assets.viclip.training_config import TrainingConfig
from internvid_assets.viclip_parameters import MaskedParameters, TrainingParameters

SAMPLE_CLIP = Path(viclip.__file__).parents[1] / "sample_world" / "weights" / "clip"
SIZES = replace(TINIEST, vocabulary=79, end_token=3)
COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (30, 60, 220), "yellow": (230, 220, 40)}
CATEGORIES = ("sports", "music")
CLIPS, FRAMES_OF_CLIP = 24, 6


def made(folder: Path) -> dict[str, Any]:
    """Rows, pictures and the checkpoint to begin with, as fields of a `TrainingConfig`."""
    rows, pictures = [], {category: {} for category in CATEGORIES}
    for clip in range(CLIPS):
        category, colour = CATEGORIES[clip % 2], list(COLOURS)[clip % 4]
        jpegs = {hashlib.sha256(jpeg).hexdigest(): jpeg for jpeg in map(jpeg_of, _looks(clip, colour))}
        pictures[category] |= jpegs
        captions = [f"a {colour} ball moves left", f"a {colour} ball"]
        told = {"captions": captions, "weights": [3.0, 1.0], "frame_hashes": list(jpegs)}
        rows.append({"clip_id": f"clip{clip:02}", "video_id": f"video{clip // 2}", "category": category, **told})
    for category, own in pictures.items():
        FrameStore(folder / "frames" / category).put(own)
    write_rows(pl.DataFrame(rows), folder / "rows.arrow")
    torch.manual_seed(0)
    save_viclip(Viclip(SIZES), folder / "initial")
    paths = {"rows": folder / "rows.arrow", "frame_stores": folder / "frames"}
    return {**paths, "initial": str(folder / "initial"), "tokenizer": str(SAMPLE_CLIP)}


def _looks(clip: int, colour: str) -> list[tuple[int, str]]:
    return [(100 * clip + frame, colour) for frame in range(FRAMES_OF_CLIP)]


def jpeg_of(look: tuple[int, str]) -> bytes:
    """A colour under noise of its own, 40 pixels high, and as wide as the clip decides."""
    seed, colour = look
    rng = np.random.default_rng(seed)
    width = (40, 60)[(seed // 100) % 3 == 0]
    noisy = np.array(COLOURS[colour])[::-1] + rng.normal(0, 20, (40, width, 3))
    return cv2.imencode(".jpg", noisy.clip(0, 255).astype(np.uint8))[1].tobytes()


def config_of(fields: dict[str, Any], output: Path, **changes: Any) -> TrainingConfig:
    """Twelve steps of eight clips, on one process, in floats; else the defaults of the masked phase."""
    shared = TrainingParameters().model_dump(exclude=set(OF_LAUNCHER))
    quick = {
        **shared,
        **MaskedParameters().model_dump(),
        "frames": 4,
        "mask": 0.5,
        "batch_size": 8,
        "epochs": 4,
        "learning_rate": 1e-3,
        "precision": "no",
        "recompute": False,
        "workers": 0,
        "cache_bytes": 10**7,
        "checkpoint_steps": 3,
        "report_steps": 1,
    }
    return TrainingConfig(**{**fields, **quick, "output": output, **changes})
