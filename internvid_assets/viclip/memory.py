"""Out-of-memory errors, with the settings to change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from internvid_assets.cells.errors import UserError
from internvid_assets.viclip.training_config import TrainingConfig

REFUSALS = ("out of memory", "can't allocate memory", "not enough memory")
"""Parts of the messages of CUDA, PyTorch's CPU allocator and those of other systems."""


@contextmanager
def out_of_memory_as_user_error(config: TrainingConfig, *, device: str, processes: int) -> Iterator[None]:
    """Raises UserError with the ways out in place of an out-of-memory error."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, MemoryError) or any(refusal in str(error).lower() for refusal in REFUSALS):
            raise UserError(f"out of memory on {device}: {_ways_out(config, processes)}") from None
        raise


def _ways_out(config: TrainingConfig, processes: int) -> str:
    ways = [f"lower batch_size = {config.batch_size} (a process has {config.batch_size // processes})"]
    ways += [] if config.recompute else ["set recompute = true"]
    ways += [f"raise mask = {config.mask}"] if config.mask else []
    ways += [f"lower frames = {config.frames}", "or train on more GPUs"]
    return ", ".join(ways)
