"""internvid caption and recaption: ShareCaptioner-Video's modes on one video, or one short prompt."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import polars as pl
import typer

from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.errors import CallError, UserError
from internvid_assets.cli.environment import open_home
from internvid_assets.cli.options import OutputFormat, Overrides, refuse_bytes
from internvid_assets.cli.output import Format, show

if TYPE_CHECKING:
    from internvid_assets.home import Home
    from internvid_assets.models.protocols import Answers
    from internvid_assets.models.share_captioner import Keyframe, ShareCaptioner

Said = TypeVar("Said")
Row = tuple[str, float | None, str]
"""What is captioned, its seconds, the caption."""


class Mode(StrEnum):
    """How a video gets its dense caption."""

    sliding = "sliding"
    fast = "fast"


def caption(
    video: Annotated[Path, typer.Argument(help="A video file; it is captioned as one clip.")],
    mode: Annotated[
        Mode, typer.Option(help="sliding: from differential captions; fast: from one image of all keyframes.")
    ] = (Mode.sliding),
    set_: Overrides = None,
    format: OutputFormat = Format.table,
) -> None:
    """Caption one video and store nothing: to try out a model, a mode or a prompt.

    Example: internvid caption holiday.mp4 --mode sliding
    """
    from internvid_assets.captions.trying import keyframes_of_file
    from internvid_assets.captions.wording import wording
    from internvid_assets.models.share_captioner import ShareCaptioner

    if not video.is_file():
        raise UserError(f"{video}: no such file; give a video")
    home = open_home(set_ or ())
    with closing(LocalEngine(1, memory_bytes=home.settings.worker_memory_bytes)) as engine:
        keyframes = keyframes_of_file(video, home.models.frame_embedder, home.settings, engine)
    captioner = ShareCaptioner(home.models, wording(home.settings))
    rows = _slid(captioner, keyframes, home) if mode is Mode.sliding else _at_once(captioner, keyframes, home)
    show(pl.DataFrame(rows, schema=["of", "seconds", "caption"], orient="row"), format)


def recaption(
    prompt: Annotated[str, typer.Argument(help="A short prompt for a video generator.")], set_: Overrides = None
) -> None:
    """Rewrite a short prompt in the style of the detailed captions that video generators are trained on.

    Example: internvid recaption "a dog on a beach"
    """
    from internvid_assets.captions.wording import wording
    from internvid_assets.models.share_captioner import ShareCaptioner

    if not prompt.strip():
        raise UserError('the prompt is empty: give a short one, such as "a dog on a beach"')
    refuse_bytes(prompt)
    home = open_home(set_ or ())
    captioner = ShareCaptioner(home.models, wording(home.settings))
    most = home.settings.dense_captions.max_new_tokens
    print(_text(captioner.recaption([prompt], max_new_tokens=most)))


def _slid(captioner: ShareCaptioner, keyframes: Sequence[Keyframe], home: Home) -> list[Row]:
    """A row per keyframe, and the summary."""
    asked = home.settings.keyframe_captions
    how = {"max_new_tokens": asked.max_new_tokens, "longest_side_pixels": asked.longest_side_pixels}
    answers = _only({at: said for piece in captioner.sliding([keyframes], **how) for at, said in piece.items()}[0])
    captions = [(keyframe.seconds, answer.text) for keyframe, answer in zip(keyframes, answers, strict=True)]
    summary = captioner.summary([captions], max_new_tokens=home.settings.dense_captions.max_new_tokens)
    rows: list[Row] = [(f"keyframe {number}", seconds, text) for number, (seconds, text) in enumerate(captions)]
    return [*rows, ("video", None, _text(summary))]


def _at_once(captioner: ShareCaptioner, keyframes: Sequence[Keyframe], home: Home) -> list[Row]:
    asked = home.settings.dense_captions
    answers = captioner.fast(
        [keyframes],
        max_new_tokens=asked.max_new_tokens,
        max_keyframes=asked.max_keyframes,
        layout=asked.layout,
        longest_side_pixels=asked.longest_side_pixels,
    )
    return [("video", None, _text(answers))]


def _text(answers: Answers) -> str:
    from internvid_assets.models.batching import in_order

    (answer,) = in_order(answers)
    return _only(answer).text


def _only(said: Said | CallError) -> Said:
    """What was said. Raises UserError with the reason where nothing was."""
    if isinstance(said, CallError):
        raise UserError(f"the model gave no answer ({said})")
    return said
