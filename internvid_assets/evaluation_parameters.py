"""The parameters of evaluation: which videos, and which checkpoints of a subset."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from internvid_assets.parameters import Parameters

Evaluated: TypeAlias = Literal[
    "clip", "viclip_masked_checkpoint", "viclip_checkpoint", "viclip_interpolated_checkpoint"
]
"""`clip`: what training began with, frame by frame: the line that training has to beat."""


class EvaluationParameters(Parameters):
    """What models are measured on (InternVid 4.2). Files are relative to internvid.toml, and videos to their csv."""

    actions: str = Field(
        "", description='A folder with a folder of videos per action, or a csv of path and label; "": drawn ones.'
    )
    retrieval: str = Field("", description='A csv of path and caption; "": drawn videos.')
    templates: str = Field(
        "", description='Wordings of an action: "plain", "paper", "sample_world" or a file; "": what fits the videos.'
    )
    checkpoints: list[Evaluated] = Field(["clip", "viclip_checkpoint"], min_length=1)
    drawn_videos: int = Field(256, ge=10, description="How many are drawn where none are named.")
    drawn_seed: int = Field(0, ge=0)
