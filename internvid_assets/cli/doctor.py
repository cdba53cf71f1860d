"""internvid doctor: are this machine, this home and the profile's models in order?"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.options import OutputFormat, Overrides
from internvid_assets.cli.output import Format, show
from internvid_assets.home import Home

FREE_GIB_WANTED = 5
Row = tuple[str, bool, str]
"""What it is about, whether it is fine, and what was found."""


def doctor(
    profile: Annotated[str | None, typer.Option(help="Check this profile instead of the current one.")] = None,
    set_: Overrides = None,
    format: OutputFormat = Format.table,
) -> None:
    """Check the installation, the home, and what the profile's models need.

    For each model: where its weights are or how to get them, their memory, and the cost per clip so far.

    Exit code 1 when something needs fixing. Nothing is loaded or downloaded; a server is asked which models it has.

    Example: internvid doctor --profile paper
    """
    chosen = [f"profile={profile}"] if profile else []
    findings = found(open_home([*(set_ or ()), *chosen]))
    if format is Format.table:
        show_lines(findings)
    else:
        show(findings, format)
    if not findings["is_fine"].all():
        raise typer.Exit(1)


def found(home: Home) -> pl.DataFrame:
    """One row per finding; those about a capability have a model."""
    from internvid_assets.cli.model_findings import Finding, model_findings

    lakes = list(lake(home))
    machine = (Finding(*row) for row in [*installation(), *settings(home), *storage(home), *lakes, *sources(home)])
    of_models = model_findings(home, is_lake_there=all(is_fine for _, is_fine, _ in lakes))
    return pl.DataFrame([asdict(finding) for finding in [*machine, *of_models]], infer_schema_length=None)


def show_lines(findings: pl.DataFrame) -> None:
    """A line each; models that are fine are a table instead."""
    of_models = pl.col("model").is_not_null()
    shown = findings.filter(~of_models | ~pl.col("is_fine"))
    lines = shown.group_by("is_fine", "finding", maintain_order=True).agg(pl.col("about").str.join(", "))
    for is_fine, finding, about in lines.rows():
        print(f"{'ok ' if is_fine else 'FIX'} {about}: {finding}")
    print()
    models = findings.filter(of_models).drop("is_fine", "finding").rename({"about": "capability"})
    show(models, Format.table)


def installation() -> Iterator[Row]:
    import av
    import duckdb
    import torch

    about = "installation"
    yield about, (3, 11) <= sys.version_info < (3, 14), f"Python {sys.version.split()[0]} (3.11 to 3.13)"
    libraries = f"dagster {version('dagster')}, duckdb {duckdb.__version__}, PyAV {av.__version__}"
    yield about, True, f"{libraries}, torch {torch.__version__}"
    wanted = {"h264", "hevc", "vp8", "vp9", "av1"}
    missing = ", ".join(sorted(wanted - av.codecs_available))
    yield about, not missing, f"decoders missing: {missing}" if missing else f"decoders {', '.join(sorted(wanted))}"


def settings(home: Home) -> Iterator[Row]:
    from internvid_assets.settings import settings_file

    file = settings_file()
    yield "settings", True, f"{file}" if file.exists() else f"no {file}: all settings have their defaults"
    each = f"each up to {home.settings.worker_memory_bytes / 1e9:g} GB"
    in_force = f"profile {home.settings.profile}, {home.settings.workers} decoding processes, {each}"
    yield "settings", True, in_force


def storage(home: Home) -> Iterator[Row]:
    is_writable = os.access(home.path, os.W_OK)
    yield "home", is_writable, f"{home.path} is {'writable' if is_writable else 'read-only: set INTERNVID_HOME'}"
    free_gib = shutil.disk_usage(home.path).free / 2**30
    yield "home", free_gib >= FREE_GIB_WANTED, f"{free_gib:.0f} GiB free (at least {FREE_GIB_WANTED} wanted)"


def lake(home: Home) -> Iterator[Row]:
    """Nothing to look at where it lies in the home."""
    url = home.settings.lake_url
    if url is None:
        return
    try:
        home.store.list("lake/clips")
    except Exception as error:  # each file system has its own
        yield "lake", False, f"{url} cannot be listed: {' '.join(str(error).split())[:200] or type(error).__name__}"
    else:
        yield "lake", True, f"{url} answers"


def sources(home: Home) -> Iterator[Row]:
    from internvid_assets.videos.sources import read_sources

    try:
        registered = read_sources(home.path)
    except UserError as error:
        yield "sources", False, str(error)
        return
    missing = [source.name for source in registered if source.is_local and not Path(source.place).exists()]
    yield "sources", not missing, f"{len(registered)} registered{', missing: ' + ', '.join(missing) if missing else ''}"
