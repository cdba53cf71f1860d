"""Training from the command line, on as many processes as the launcher starts:

accelerate launch --num_processes 8 -m internvid_assets.viclip.train CONFIG.json
python -m internvid_assets.viclip.train CONFIG.json
"""

from __future__ import annotations

import sys
from pathlib import Path

from internvid_assets.cells.errors import RunStopped, UserError
from internvid_assets.viclip.training_config import read_config


def main(arguments: list[str]) -> int:
    """Prints a line per report; returns the exit code."""
    if len(arguments) != 1:
        print("usage: python -m internvid_assets.viclip.train CONFIG.json", file=sys.stderr)
        return 2
    try:
        run(Path(arguments[0]))
    except (UserError, RunStopped) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def run(path: Path) -> None:
    from accelerate import Accelerator

    from internvid_assets.viclip.training import train

    config = read_config(path)
    accelerator = Accelerator(mixed_precision=config.precision)
    for report in train(config, accelerator):
        accelerator.print(
            f"step {report.step}: loss {report.loss:.4f}, lr {report.learning_rate:.2e}, "
            f"{report.samples_per_second:.1f} samples/s",
            flush=True,
        )
    accelerator.end_training()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
