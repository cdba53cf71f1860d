"""Train the sample profile's models on the sample world: `python -m internvid_assets.sample_world.train`.

Takes about 25 minutes on two idle cores, without network; deterministic for a seed on the same machine. Two processes
of one thread each: one draws frames and trains the captioner, the CLIP and the aesthetic head (each builds on the
previous one), the other trains the language model on captions only. About 6 MB in total, as float16 safetensors.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from internvid_assets.sample_world.train_data import Moment

WEIGHTS = Path(__file__).parent / "weights"


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description="Train the tiny models of the sample profile on the sample world.")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder to write to (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of scenes, initial weights and order")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full training, such as 0.01 for a trial")
    parser.add_argument(
        "--clip-alone", action="store_true", help="train only CLIP and the head, from the captioner in --out"
    )
    arguments = parser.parse_args()
    train(arguments.out, seed=arguments.seed, scale=arguments.scale, clip_alone=arguments.clip_alone)


def train(out: Path, *, seed: int, scale: float = 1.0, clip_alone: bool = False) -> None:
    """Train all four models into `out`/{captioner,clip,aesthetic,language_model}, or only CLIP and the head."""
    started = monotonic()
    if clip_alone:
        return train_clip_and_head(out, seed=seed, scale=scale)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        eyes = pool.submit(train_eyes, out, seed=seed, scale=scale)
        words = pool.submit(train_words, out, seed=seed, steps=int(3_000 * scale))
        eyes.result()
        words.result()
    size_bytes = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{size_bytes / 1e6:.1f} MB in {out} after {monotonic() - started:.0f} s", flush=True)


def train_eyes(out: Path, *, seed: int, scale: float) -> None:
    """Train the vision models, in one process."""
    import torch

    from internvid_assets.sample_world.train_captioner import train_captioner
    from internvid_assets.sample_world.train_data import random_moments

    torch.set_num_threads(1)
    moments = random_moments(int(32_000 * scale), seed=seed + 1)
    train_captioner(moments, drawn(moments, seed=seed + 1), out / "captioner", epochs=5, seed=seed)
    train_clip_and_head(out, seed=seed, scale=scale)


def train_clip_and_head(out: Path, *, seed: int, scale: float) -> None:
    """Train what builds on the saved captioner: CLIP with its vision tower, and the head on CLIP's embeddings."""
    import torch
    from transformers import BlipForConditionalGeneration

    from internvid_assets.sample_world.train_clip import MOMENTS_OF_A_SCENE, train_aesthetics, train_clip
    from internvid_assets.sample_world.train_data import moments_of_scenes

    torch.set_num_threads(1)
    captioner = BlipForConditionalGeneration.from_pretrained(out / "captioner", dtype=torch.float32)
    moments = moments_of_scenes(int(6_000 * scale), MOMENTS_OF_A_SCENE, seed=seed + 2)
    images = drawn(moments, seed=seed + 2)
    clip = train_clip(moments, images, captioner, out / "clip", steps=int(1_600 * scale), seed=seed)
    train_aesthetics(moments, images, clip, out / "aesthetic")


def drawn(moments: list[Moment], *, seed: int) -> np.ndarray:
    from internvid_assets.sample_world.train_data import pictures

    images = pictures(moments, seed=seed)
    print(f"drew {len(images)} pictures of {images.shape[1]} x {images.shape[2]} pixels", flush=True)
    return images


def train_words(out: Path, *, seed: int, steps: int) -> None:
    """Train the language model, in another process."""
    import torch

    from internvid_assets.sample_world.train_language import train_language_model

    torch.set_num_threads(1)
    train_language_model(out / "language_model", steps=steps, seed=seed)


if __name__ == "__main__":
    main()
