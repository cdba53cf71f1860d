"""Training from the command line, with as many processes as the launcher starts:

    accelerate launch --num_processes 8 -m internvid_assets.viclip.train CONFIG.json
    python -m internvid_assets.viclip.train CONFIG.json

If started by Dagster, it reports its progress to the run in the UI.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from internvid_assets.cells.errors import RunStopped, UserError
from internvid_assets.viclip import lifeline
from internvid_assets.viclip.training_config import read_config

PIPES = "DAGSTER_PIPES_CONTEXT"
LAST_WORDS = "error.txt"
"""File next to the configuration with the error of the last attempt."""


def main(arguments: list[str]) -> int:
    """Prints one line per report; returns the exit code."""
    if len(arguments) != 1:
        print("usage: python -m internvid_assets.viclip.train CONFIG.json", file=sys.stderr)
        return 2
    lifeline.hold()
    path = Path(arguments[0])
    try:
        run(path)
    except (UserError, RunStopped) as error:
        print(f"error: {error}", file=sys.stderr)
        if path.is_file():
            (path.parent / LAST_WORDS).write_text(f"{error}\n", encoding="utf-8")
        return 1
    return 0


def run(path: Path) -> None:
    import torch
    from accelerate import Accelerator

    from internvid_assets.viclip.sharding import taken_from_launcher
    from internvid_assets.viclip.training import train

    config, shard = read_config(path), taken_from_launcher()
    # Without a GPU accelerate needs `cpu`, or each of several processes would assume that it is the only one.
    accelerator = Accelerator(mixed_precision=config.precision, cpu=not torch.accelerator.is_available())
    with listener(is_main=accelerator.is_main_process) as tell:
        for report in train(config, accelerator, shard=shard):
            tell(
                f"step {report.step}: loss {report.loss:.4f}, lr {report.learning_rate:.2e}, "
                f"{report.samples_per_second:.1f} samples/s"
            )
    accelerator.end_training()


@contextmanager
def listener(*, is_main: bool) -> Iterator[Callable[[str], None]]:
    """Where the first process reports its steps: to the Dagster run that started it, else to the terminal."""
    if not is_main:
        yield lambda line: None
    elif PIPES in os.environ:
        from dagster_pipes import open_dagster_pipes

        with open_dagster_pipes() as pipes:
            yield pipes.log.info
    else:
        yield lambda line: print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
