"""Train the sample profile's models on the sample world: `python -m internvid_assets.sample_world.train`.

Under 20 minutes on two idle cores, no network, the same weights for the same seed on the same machine. Two processes
of one thread each: one draws pictures and teaches the captioner, the CLIP and the aesthetic head (each stands on the
one before), the other teaches the language model on captions alone. About 6 MB in all, as safetensors in float16.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import monotonic

WEIGHTS = Path(__file__).parent / "weights"


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description="Train the tiny models of the sample profile on the sample world.")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder to write to (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of scenes, initial weights and order")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full training, such as 0.01 for a trial")
    arguments = parser.parse_args()
    train(arguments.out, seed=arguments.seed, scale=arguments.scale)


def train(out: Path, *, seed: int, scale: float = 1.0) -> None:
    """Train all four models into `out`/{captioner,clip,aesthetic,language_model}."""
    started = monotonic()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        eyes = pool.submit(train_eyes, out, seed=seed, pictures_count=int(32_000 * scale))
        words = pool.submit(train_words, out, seed=seed, steps=int(3_000 * scale))
        eyes.result()
        words.result()
    size_bytes = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{size_bytes / 1e6:.1f} MB in {out} after {monotonic() - started:.0f} s", flush=True)


def train_eyes(out: Path, *, seed: int, pictures_count: int) -> None:
    """Everything that looks at pictures, in one process."""
    import torch

    from internvid_assets.sample_world.train_captioner import train_captioner
    from internvid_assets.sample_world.train_clip import train_aesthetics, train_clip
    from internvid_assets.sample_world.train_data import pictures, random_moments

    torch.set_num_threads(1)
    moments = random_moments(pictures_count, seed=seed + 1)
    images = pictures(moments, seed=seed + 1)
    print(f"drew {len(images)} pictures of {images.shape[1]} x {images.shape[2]} pixels", flush=True)
    captioner = train_captioner(moments, images, out / "captioner", epochs=5, seed=seed)
    clip = train_clip(moments, images, captioner, out / "clip", epochs=1, seed=seed)
    train_aesthetics(moments, images, clip, out / "aesthetic")


def train_words(out: Path, *, seed: int, steps: int) -> None:
    """What reads and writes only, in another."""
    import torch

    from internvid_assets.sample_world.train_language import train_language_model

    torch.set_num_threads(1)
    train_language_model(out / "language_model", steps=steps, seed=seed)


if __name__ == "__main__":
    main()
