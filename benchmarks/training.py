"""Our training steps against the computation of the released code, and the loader alone against the trainer.

`python -m benchmarks.training` on a machine with a GPU also prints ViT-B/16 and L/14 at 8 x 224.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads take cores from each other

import torch
from torch import Tensor, nn

from benchmarks.comparison import Comparison, compare
from benchmarks.official_viclip import OfficialViclip
from internvid_assets import viclip
from internvid_assets.media.frames import FrameStore, hash_of
from internvid_assets.models.viclip.model import Viclip
from internvid_assets.models.viclip.pictures import NOISE, augmented, random_boxes
from internvid_assets.models.viclip.sizes import ViclipSizes, named_sizes
from internvid_assets.viclip.batches import Clips, loader_of
from internvid_assets.viclip.optimizing import parameter_groups
from internvid_assets.viclip.order import Order
from internvid_assets.viclip.rows import write_rows

WORDS = Path(viclip.__file__).parents[1] / "sample_world" / "weights" / "clip"
BATCH, STEPS = 8, 4
MASK = 0.9
STORED_PIXELS = (112, 200)

Inputs = tuple[Tensor, Tensor, Tensor]
Step = Callable[[], Tensor]


def inputs_of(sizes: ViclipSizes, batch: int, device: str = "cpu") -> Inputs:
    """Normalised videos [B, T, 3, H, W], token ids [B, l] with their ends, ids of samples [B]."""
    torch.manual_seed(0)
    video = torch.randn(batch, sizes.frames, 3, sizes.image_pixels, sizes.image_pixels, device=device)
    token_ids = torch.randint(1, sizes.end_token, (batch, sizes.context_tokens), device=device)
    token_ids[:, -1] = sizes.end_token
    return video, token_ids, torch.arange(batch, device=device)


def ours_and_official(sizes: ViclipSizes, device: str = "cpu") -> tuple[Viclip, OfficialViclip]:
    """Both models, with the same weights."""
    torch.manual_seed(0)
    ours, official = Viclip(sizes), OfficialViclip(sizes)
    official.load_state_dict(ours.state_dict())
    ours.freeze_text()
    return ours.to(device).train(), official.to(device).train()


def step_of(model: nn.Module, inputs: Inputs, mask: float, *, halves: bool = False) -> Step:
    """One training step with its own AdamW: ours fused, the released one torch's default."""
    is_ours = isinstance(model, Viclip)
    groups = parameter_groups(model, learning_rate=1e-6, weight_decay=0.2)
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True if is_ours else None)

    def step() -> Tensor:
        with torch.autocast(inputs[0].device.type, torch.bfloat16, enabled=halves):
            loss = model(*inputs, mask=mask)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.detach()

    return step


def compared(name: str, masks: tuple[float, float], repetitions: int) -> Comparison:
    """Our steps with the first mask against the released computation with the second."""
    sizes = named_sizes("tiny")
    inputs = inputs_of(sizes, BATCH)
    ours, theirs = (step_of(model, inputs, m) for model, m in zip(ours_and_official(sizes), masks, strict=True))
    return compare(
        name,
        load=f"{STEPS} steps of {BATCH} samples, size tiny, float32, mask {masks[0]:g} (theirs {masks[1]:g})",
        peer=f"the released computation, torch {torch.__version__}",
        ours=lambda: [ours() for _ in range(STEPS)],
        theirs=lambda: [theirs() for _ in range(STEPS)],
        agreement=lambda mine, peers: agreement(mine[0], peers[0], same_work=masks == (0.0, 0.0)),
        repetitions=repetitions,
        count=STEPS * BATCH,
    )


def agreement(ours: Tensor, theirs: Tensor, *, same_work: bool) -> str:
    return f"first losses {float(ours - theirs):.0e} apart" if same_work else "patches are sampled, so losses differ"


def stored(folder: Path, clips: int) -> Path:
    """Clips of eight frames of noise on a gradient, stored like those of the sample world in the frame store."""
    import cv2

    rng, rows, jpegs = np.random.default_rng(0), [], {}
    slope = np.linspace(0, 255, STORED_PIXELS[1])[None, :, None]
    for clip in range(clips):
        pictures = (slope + rng.normal(0, 4, (8, *STORED_PIXELS, 3))).clip(0, 255).astype(np.uint8)
        own = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures]
        jpegs |= {hash_of(jpeg): jpeg for jpeg in own}
        data = {"captions": ["a red ball moves left"], "weights": [1.0], "frame_hashes": [hash_of(one) for one in own]}
        rows.append({"clip_id": f"{clip:06}", "video_id": f"{clip}", "category": "music", **data})
    FrameStore(folder / "frames" / "music").put(jpegs)
    write_rows(pl.DataFrame(rows), folder / "rows.arrow")
    return folder


def loaded(folder: Path, clips: int, cache_bytes: int) -> Callable[[], int]:
    """Makes batches sequentially in this process; returns the number of samples."""
    data = Clips(folder / "rows.arrow", folder / "frames", str(WORDS), picture_pixels=112, cache_bytes=cache_bytes)

    def load() -> int:
        order = Order(rows=clips, batch_size=BATCH, steps=clips // BATCH, seed=0, rank=0, ranks=1, first_step=0)
        return sum(len(batch.token_ids) for batch in loader_of(data, order, workers=0))

    return load


def fed(repetitions: int, *, mask: float, cache_bytes: int, clips: int = STEPS * BATCH) -> Comparison:
    """The loader alone, on one core, against the trainer alone, on all cores, including augmentation."""
    sizes = named_sizes("tiny")
    inputs, (ours, _) = inputs_of(sizes, BATCH), ours_and_official(sizes)
    step = step_of(ours, inputs, mask)
    heights, widths = (torch.full((BATCH,), side) for side in STORED_PIXELS)
    frames = torch.randint(0, 256, (BATCH, sizes.frames, 3, *STORED_PIXELS), dtype=torch.uint8)

    def train() -> int:
        for _ in range(clips // BATCH):
            boxes, flips = random_boxes(heights.float(), widths.float(), torch.rand(BATCH, NOISE))
            inputs[0].copy_(augmented(frames, sizes.image_pixels, boxes, flips))
            step()
        return clips

    with tempfile.TemporaryDirectory(prefix="internvid-bench-") as folder:
        return compare(
            "loading",
            load=f"{clips} samples of 8 stored frames of {STORED_PIXELS[1]} x {STORED_PIXELS[0]}, "
            + ("from memory, as after the first epoch" if cache_bytes else "all decoded"),
            peer=f"our trainer alone, size tiny, mask {mask:g}",
            ours=loaded(stored(Path(folder), clips), clips, cache_bytes),
            theirs=train,
            agreement=lambda mine, peers: f"{mine} and {peers} samples",
            repetitions=repetitions,
            count=clips,
        )


def measure(repetitions: int) -> list[Comparison]:
    return [
        compared("training", (0.0, 0.0), repetitions),
        compared("training", (MASK, MASK), repetitions),
        compared("training", (MASK, 0.0), repetitions),
        fed(repetitions, mask=0.0, cache_bytes=0),
        fed(repetitions, mask=MASK, cache_bytes=0),
        fed(repetitions, mask=MASK, cache_bytes=10**9),
    ]


if __name__ == "__main__":
    from benchmarks.training_on_gpu import report

    report()
