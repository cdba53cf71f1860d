"""internvid report: the whole dataset on one page."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.environment import open_home


def report(
    to: Annotated[Path | None, typer.Option(help="The file to write. Default: report.html in the home.")] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    clips: Annotated[
        int, typer.Option(min=0, help="How many clips to show with frames: about 10 kB of the file each.")
    ] = 1000,
    rows: Annotated[
        int, typer.Option(min=1, help="How many clips the gallery lists, sampled at random: about 100 bytes each.")
    ] = 50_000,
) -> None:
    """Write one HTML file with the funnel, the figures, and a gallery of clips to filter.

    The file is self-contained, so it can be sent by mail.

    Example: internvid report --to report.html --open
    """
    from internvid_assets.analytics.card_folder import ask
    from internvid_assets.analytics.figures import figures
    from internvid_assets.analytics.gallery import drawn_clips, strips
    from internvid_assets.analytics.report import report_page

    home = open_home()
    facts, listed = ask(home), drawn_clips(home, clips=rows)
    shown = dict(strips(home, listed.filter(pl.col("place") <= clips)))
    to = to or home.path / "report.html"
    _write(to, report_page(facts, figures(facts), listed, shown))
    print(f"{to}: {listed.height:,} clips, {len(shown):,} of them with frames")
    if open_it:
        webbrowser.open(to.absolute().as_uri())


def _write(path: Path, page: str) -> None:
    """Aside first: who has the old one open reads it to its end."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(page, encoding="utf-8")
        os.replace(aside, path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise UserError(f"--to {path} cannot be written ({error.strerror}); choose another file") from None
