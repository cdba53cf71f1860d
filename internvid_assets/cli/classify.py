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
    video: Annotated[Path, typer.Argument(help="A video file; it is classified as one clip.")],
    labels: Annotated[str, typer.Option(help="The labels to choose from, separated by commas.")],
    model: Annotated[
        Path | None,
        typer.Option(
            help="A ViCLIP checkpoint: folder or file. Default: that of the first subset in training.subsets."
        ),
    ] = None,
    templates: Annotated[
        str, typer.Option(help="Prompt templates: plain, paper (the sixteen for Kinetics), or a file of your own.")
    ] = "plain",
    set_: Overrides = None,
    format: OutputFormat = Format.table,
) -> None:
    """Classify a video zero-shot, by each label's mean cosine similarity over the prompt templates (InternVid 4.2).

    Example: internvid classify holiday.mp4 --labels surfing,swimming,"building a sandcastle"
    """
    from internvid_assets.evaluation import zero_shot

    names = [name.strip() for name in labels.split(",") if name.strip()]
    if not video.is_file():
        raise UserError(f"{video}: no such file; give a video")
    if len(names) < 2:
        raise UserError(f"--labels {labels}: expected two or more, separated by commas")
    home, wordings = open_home(set_ or ()), zero_shot.templates(templates)
    scores = _scores(home, video, model or trained(home), zero_shot.prompts(names, wordings))
    rows = pl.DataFrame({"label": names, "score": scores}).sort("score", descending=True, maintain_order=True)
    show(rows, format)


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
