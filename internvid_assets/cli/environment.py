"""Where this program and the Dagster processes it starts find their files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from internvid_assets.cells.errors import UserError
from internvid_assets.home import Home, ReportProgress
from internvid_assets.settings import Settings, load_settings

PACKAGE = Path(__file__).parents[1]


def open_home(overrides: Sequence[str] = (), report_progress: ReportProgress | None = None) -> Home:
    """The home of the effective settings, with the environment that Dagster reads set to match."""
    settings = load_settings(overrides)
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"home {settings.home} cannot be created ({error.strerror}); set INTERNVID_HOME") from None
    export_environment(settings)
    return Home(settings, report_progress) if report_progress else Home(settings)


def export_environment(settings: Settings) -> None:
    """Point Dagster at its settings file and keep its state under the home."""
    state = settings.home / "dagster"
    with suppress(OSError):  # a home that can only be read can still be asked; Dagster itself says when it cannot write
        state.mkdir(parents=True, exist_ok=True)
    os.environ["INTERNVID_HOME"] = str(settings.home)
    os.environ["INTERNVID_DAGSTER_STATE"] = str(state)
    # Whatever the caller uses Dagster for elsewhere: its instance is not ours to migrate or to free runs in.
    os.environ["DAGSTER_HOME"] = str(folder_of("dagster.yaml"))


def folder_of(name: str) -> Path:
    """The folder with our `name`: the checkout, or inside the package when it was installed from a wheel."""
    for folder in (PACKAGE.parent, PACKAGE):
        if (folder / name).is_file():
            return folder
    raise UserError(f"{name} is missing beside or inside {PACKAGE}: reinstall internvid-assets")
