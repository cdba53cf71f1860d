"""ViT-B/16 and L/14 at 8 x 224 on the local GPU: samples per second, utilisation, memory, largest batch."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass

import torch

from benchmarks.training import Inputs, inputs_of, ours_and_official, step_of
from benchmarks.training_flops import peak_per_second, step_flops
from internvid_assets.models.viclip.sizes import ViclipSizes, named_sizes

SIZES, MASKS = ("b16", "l14"), (0.9, 0.0)
WARM_STEPS, TIMED_STEPS = 3, 10
MOST = 4096


@dataclass(frozen=True)
class Measured:
    """Measurements of one model on one GPU."""

    batch: int
    samples_per_second: float
    peak_bytes: int


def report() -> None:
    """Ours and the released computation, both in bf16 by autocast, without gradient checkpointing."""
    if not torch.cuda.is_available():
        print("no GPU found; on a CPU, run: python -m benchmarks training (size tiny)")
        return
    device = torch.cuda.get_device_name()
    peak = peak_per_second(device)
    print(f"{device}, {'bf16 peak unknown' if peak is None else f'bf16 peak {peak / 1e12:.0f} TFLOP/s'}")
    for name in SIZES:
        for mask in MASKS:
            for who in (0, 1):
                print(line_of(name, mask, who, peak), flush=True)


def line_of(name: str, mask: float, who: int, peak: float | None) -> str:
    """`who`: 0 is ours, 1 the released computation. Timed at half the largest batch that fits."""
    sizes = named_sizes(name)
    largest = largest_batch(sizes, mask, who)
    small, timed = (measured(sizes, mask, who, max(1, largest // share)) for share in (4, 2))
    each = (timed.peak_bytes - small.peak_bytes) / max(1, timed.batch - small.batch)
    used = step_flops(sizes, mask) * timed.samples_per_second / peak if peak else float("nan")
    model = f"{name} mask {mask:g} {('ours', 'released')[who]:<8}"
    return (
        f"{model} {timed.samples_per_second:8.1f} samples/s at {timed.batch} "
        f" MFU {100 * used:4.1f} %  {each / 1e6:7.1f} MB per sample  largest batch {largest}"
    )


def largest_batch(sizes: ViclipSizes, mask: float, who: int) -> int:
    """The largest batch, to within an eighth: doubled until out of memory, then by bisection."""
    fits, fails = 0, 1
    while fails <= MOST and _fits(sizes, mask, who, fails):
        fits, fails = fails, 2 * fails
    while fits and fails - fits > max(1, fits // 8):
        middle = (fits + fails) // 2
        fits, fails = (middle, fails) if _fits(sizes, mask, who, middle) else (fits, middle)
    if not fits:
        raise MemoryError("not even one sample fits on this GPU")
    return fits


def _fits(sizes: ViclipSizes, mask: float, who: int, batch: int) -> bool:
    try:
        _steps(sizes, mask, who, inputs_of(sizes, batch, "cuda"), steps=2)
    except torch.OutOfMemoryError:
        return False
    finally:
        gc.collect()
        torch.cuda.empty_cache()
    return True


def measured(sizes: ViclipSizes, mask: float, who: int, batch: int) -> Measured:
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    seconds = _steps(sizes, mask, who, inputs_of(sizes, batch, "cuda"), steps=TIMED_STEPS)
    return Measured(batch, batch * TIMED_STEPS / seconds, torch.cuda.max_memory_allocated())


def _steps(sizes: ViclipSizes, mask: float, who: int, inputs: Inputs, *, steps: int) -> float:
    """Seconds of that many steps after a warm-up, with synchronisation at both ends."""
    step = step_of(ours_and_official(sizes, "cuda")[who], inputs, mask, halves=True)
    for _ in range(WARM_STEPS):
        step()
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(steps):
        step()
    torch.cuda.synchronize()
    return time.perf_counter() - started
