"""internvid doctor: is this machine and this home in order?"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import polars as pl
import typer

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.options import OutputFormat
from internvid_assets.cli.output import Format, show
from internvid_assets.home import Home

FREE_GIB_WANTED = 5
Finding = tuple[bool, str]
"""Whether it is fine, and what was found."""


def doctor(format: OutputFormat = Format.table) -> None:
    """Check the installation, the models and the home; exit code 1 when something must be mended.

    Example: internvid doctor
    """
    home = open_home()
    findings = [*installation(), *settings(home), *models(home), *storage(home), *sources(home)]
    if format is Format.table:
        for is_fine, told in findings:
            print(f"{'ok  ' if is_fine else 'MEND'} {told}")
    else:
        show(pl.DataFrame(findings, schema=["is_fine", "finding"], orient="row"), format)
    if not all(is_fine for is_fine, _ in findings):
        raise typer.Exit(1)


def installation() -> Iterator[Finding]:
    import av
    import duckdb
    import torch

    yield (3, 11) <= sys.version_info < (3, 14), f"Python {sys.version.split()[0]} (3.11 to 3.13)"
    yield True, f"dagster {version('dagster')}, duckdb {duckdb.__version__}, PyAV {av.__version__}"
    wanted = {"h264", "hevc", "vp8", "vp9", "av1"}
    missing = wanted - av.codecs_available
    yield not missing, f"decoders {'missing: ' + ', '.join(sorted(missing)) if missing else ', '.join(sorted(wanted))}"
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU: models run on the CPU"
    yield True, f"torch {torch.__version__}, {device}"


def settings(home: Home) -> Iterator[Finding]:
    from internvid_assets.settings import settings_file

    file = settings_file()
    yield True, f"settings {file}" if file.exists() else f"no {file}: every setting has its default"
    each = f"each up to {home.settings.worker_memory_bytes / 1e9:g} GB"
    yield True, f"profile {home.settings.profile}, {home.settings.workers} decoding processes, {each}"


def models(home: Home) -> Iterator[Finding]:
    try:
        specs = home.models.specs
    except UserError as error:
        yield False, f"models: {error}"
        return
    for capability, spec in specs.items():
        yield True, f"{capability}: {spec.name} @ {spec.revision}"


def storage(home: Home) -> Iterator[Finding]:
    is_writable = os.access(home.path, os.W_OK)
    yield is_writable, f"home {home.path} is {'writable' if is_writable else 'read-only: set INTERNVID_HOME'}"
    free_gib = shutil.disk_usage(home.path).free / 2**30
    yield free_gib >= FREE_GIB_WANTED, f"{free_gib:.0f} GiB free there (wanted: {FREE_GIB_WANTED})"


def sources(home: Home) -> Iterator[Finding]:
    from internvid_assets.videos.sources import read_sources

    try:
        registered = read_sources(home.path)
    except UserError as error:
        yield False, f"sources: {error}"
        return
    gone = [source.name for source in registered if source.is_local and not Path(source.place).exists()]
    yield not gone, f"{len(registered)} sources{', gone: ' + ', '.join(gone) if gone else ''}"
