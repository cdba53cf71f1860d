"""Captioning stored frames, including storage of the calls, against a plain loop of decoding and `generate`.

Both run the shipped captioner, so the ratio is the effect of batching and prefetching with the same weights.
"""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import polars as pl
import torch
import transformers
from PIL import Image

from benchmarks.comparison import Comparison, compare
from internvid_assets.caption_parameters import CaptionParameters
from internvid_assets.captions.assets import center_captions
from internvid_assets.captions.captioning import caption_centers
from internvid_assets.cells.fill import fill
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.recipes import Recipe
from internvid_assets.cells.store import Store
from internvid_assets.media.frames import FrameStore
from internvid_assets.models.profiles import model_specs
from internvid_assets.models.transformers_captioner import TransformersCaptioner, load_captioner
from internvid_assets.sample_world import drawing, scenes

PICTURES = 400
CATEGORY = "sports"
PARAMETERS = CaptionParameters()  # pyright: ignore[reportCallIssue]


class Clock:
    """Measures the seconds that a model spends generating."""

    def __init__(self, model: Any) -> None:
        self.seconds, self.generate = 0.0, model.generate
        model.generate = self

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        started = time.perf_counter()
        answer = self.generate(*arguments, **options)
        self.seconds += time.perf_counter() - started
        return answer


def pictures() -> dict[str, bytes]:
    """Frames of scenes, encoded as in the frame store."""
    rng = np.random.default_rng(0)
    drawn = (drawing.draw(scenes.random_scene(rng), 0.5, 455, 256) for _ in range(PICTURES))
    return {f"{i:04}": cv2.imencode(".jpg", image[:, :, ::-1])[1].tobytes() for i, image in enumerate(drawn)}


def remembered(
    frames: FrameStore, rows: pl.LazyFrame, captioner: TransformersCaptioner, clock: Clock
) -> tuple[list[str], float]:
    """The captions made by `fill`, and the model's share of the time."""
    bench: Any = SimpleNamespace(frames=frames, models=SimpleNamespace(captioner=captioner), parameters=PARAMETERS)
    with tempfile.TemporaryDirectory() as folder:
        lake, clock.seconds = Lake(Store(Path(folder))), 0.0
        report = fill(
            center_captions,
            rows,
            recipe=Recipe("center_captions", "1"),
            category=CATEGORY,
            lake=lake,
            open_work=lambda: nullcontext(caption_centers(bench)),
            judgement=PARAMETERS,
        )
        captions = lake.scan("center_captions", CATEGORY).sort("clip_id").collect()["caption"].to_list()
    return captions, clock.seconds / report.seconds


@torch.inference_mode()
def one_by_one(jpegs: Mapping[str, bytes], captioner: TransformersCaptioner) -> list[str]:
    """As on the model's web page."""
    captions = []
    for jpeg in jpegs.values():
        image = Image.open(io.BytesIO(jpeg)).convert("RGB")
        inputs = captioner.processor(images=image, return_tensors="pt").to(captioner.model.device)
        tokens = captioner.model.generate(**inputs, max_new_tokens=PARAMETERS.max_new_tokens, do_sample=False)
        captions.append(captioner.processor.batch_decode(tokens, skip_special_tokens=True)[0].strip())
    return captions


def agreement(ours: tuple[list[str], float], theirs: list[str]) -> str:
    same = sum(mine == peers for mine, peers in zip(ours[0], theirs, strict=True))
    return f"{same} of {len(theirs)} captions equal; {ours[1]:.0%} of our time is the model's"


def measure(repetitions: int) -> Comparison:
    spec = model_specs("sample")["captioner"]
    captioner, jpegs = load_captioner(spec.source, spec.revision), pictures()
    clock = Clock(captioner.model)
    rows = pl.LazyFrame({"clip_id": list(jpegs), "category": CATEGORY, "frame_hash": list(jpegs)})
    with tempfile.TemporaryDirectory() as folder:
        frames = FrameStore(Path(folder))
        frames.put(jpegs)
        return compare(
            "captioning",
            load=f"{PICTURES} stored frames, the shipped captioner, {captioner.model.device}",
            peer=f"transformers {transformers.__version__}, one generate per picture",
            ours=lambda: remembered(frames, rows, captioner, clock),
            theirs=lambda: one_by_one(jpegs, captioner),
            agreement=agreement,
            repetitions=repetitions,
            count=PICTURES,
        )
