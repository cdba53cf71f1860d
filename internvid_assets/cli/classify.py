"""internvid classify: which of some actions a video shows, by a trained ViCLIP, without training for them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer

from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.errors import UserError
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.options import OutputFormat, Overrides
from internvid_assets.cli.output import Format, show

if TYPE_CHECKING:
    from internvid_assets.home import Home

TRAINED = "viclip_checkpoint"


def classify(
    video: Annotated[Path, typer.Argument(help="A video file; it is looked at whole, like one clip.")],
    labels: Annotated[str, typer.Option(help="The actions to choose from, with commas between.")],
    model: Annotated[
        Path | None,
        typer.Option(help="A checkpoint of ViCLIP: folder or file. Default: the first of training.subsets."),
    ] = None,
    templates: Annotated[
        str, typer.Option(help="Wordings of a label: plain, paper (its sixteen for Kinetics), or a file of yours.")
    ] = "plain",
    set_: Overrides = None,
    format: OutputFormat = Format.table,
) -> None:
    """Which of the labels fits a video best: the mean of the cosines with all wordings of each (InternVid 4.2).

    Example: internvid classify holiday.mp4 --labels surfing,swimming,"building a sandcastle"
    """
    from internvid_assets.evaluation import zero_shot

    names = [name.strip() for name in labels.split(",") if name.strip()]
    if len(names) < 2 or not video.is_file():
        told = f"--labels {labels}: expected two or more, with commas between"
        raise UserError(told if video.is_file() else f"{video}: no such file; give a video")
    home, wordings = open_home(set_ or ()), zero_shot.templates(templates)
    scores = _scores(home, video, model or trained(home), zero_shot.prompts(names, wordings))
    told = pl.DataFrame({"label": names, "score": scores}).sort("score", descending=True, maintain_order=True)
    show(told, format)


def trained(home: Home) -> Path:
    """The checkpoint of the first subset that the settings train on; raises UserError where there is none."""
    from internvid_assets.viclip.launching import current, shared_parameters

    subset = next(iter(shared_parameters(home)["subsets"]), "internvid_10m_flt")
    return current(home, TRAINED, subset)


def _scores(home: Home, video: Path, checkpoint: Path, prompts: list[list[str]]) -> list[float]:
    from internvid_assets.evaluation.zero_shot import class_scores
    from internvid_assets.models.viclip.embedding import load_embedding
    from internvid_assets.viclip.looking import pictures_of_file

    with closing(LocalEngine(1, memory_bytes=home.settings.worker_memory_bytes)) as engine:
        pictures = pictures_of_file(video, home.settings, engine)
    embedding = load_embedding(checkpoint)
    texts = embedding.embed_texts([text for worded in prompts for text in worded])
    of_classes = texts.reshape(len(prompts), len(prompts[0]), -1)  # [classes, wordings, E]
    return class_scores(embedding.embed_videos([pictures]), of_classes)[0].tolist()
