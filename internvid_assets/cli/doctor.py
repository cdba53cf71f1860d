"""internvid doctor: is this machine and this home in order?"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator

import typer

from internvid_assets.cli.app import app
from internvid_assets.cli.environment import open_home
from internvid_assets.home import Home

FREE_GIB_WANTED = 5


@app.command()
def doctor() -> None:
    """Check the installation, the models and the home; exit code 1 when something must be mended.

    Example: internvid doctor
    """
    home = open_home()
    findings = [*installation(), *models(home), *storage(home)]
    for is_fine, told in findings:
        print(f"{'ok  ' if is_fine else 'MEND'} {told}")
    if not all(is_fine for is_fine, _ in findings):
        raise typer.Exit(1)


def installation() -> Iterator[tuple[bool, str]]:
    import av
    import dagster
    import duckdb
    import torch

    yield (3, 11) <= sys.version_info < (3, 14), f"Python {sys.version.split()[0]} (3.11 to 3.13)"
    yield True, f"dagster {dagster.__version__}, duckdb {duckdb.__version__}, ffmpeg in PyAV {av.__version__}"
    missing = {"h264", "hevc", "vp9", "av1"} - av.codecs_available
    yield not missing, f"decoders {'missing: ' + ', '.join(sorted(missing)) if missing else 'h264, hevc, vp9, av1'}"
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU: models run on the CPU"
    yield True, f"torch {torch.__version__}, {device}"


def models(home: Home) -> Iterator[tuple[bool, str]]:
    for capability, spec in home.models.specs.items():
        yield True, f"{capability}: {spec.name} @ {spec.revision}"


def storage(home: Home) -> Iterator[tuple[bool, str]]:
    free_gib = shutil.disk_usage(home.path).free / 2**30
    yield os.access(home.path, os.W_OK), f"home {home.path} is writable"
    yield free_gib >= FREE_GIB_WANTED, f"{free_gib:.0f} GiB free there (wanted: {FREE_GIB_WANTED})"
