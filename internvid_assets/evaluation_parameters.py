"""The parameters of evaluation: which videos, and which checkpoints of a subset."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

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
        "",
        description='Wordings of an action: "plain", "bare", "paper", "sample_world", a file; "": what fits.',
    )
    checkpoints: list[Evaluated] = Field(["clip", "viclip_checkpoint"], min_length=1)
    drawn_videos: int = Field(256, ge=10, description="How many are drawn where none are named.")
    drawn_seed: int = Field(0, ge=0)


class LinearProbeParameters(Parameters):
    """Logistic regression on the frozen video encoder's features (Radford et al., 2021, A.3), of `evaluation.actions`.

    Videos without a split are drawn into one by a hash of their pictures.
    """

    validation_share: float = Field(0.2, gt=0, lt=1, description="Of each action's videos: those that choose the l2.")
    test_share: float = Field(0.2, gt=0, lt=1, description="Of each action's videos: those that are measured on.")
    l2s: list[Annotated[float, Field(ge=0)]] = Field(
        [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0], min_length=1, description="Penalties that are tried."
    )
    steps: int = Field(1000, ge=1, description="Of L-BFGS, at most.")
    seed: int = Field(0, ge=0, description="Of the drawn splits.")

    @model_validator(mode="after")
    def _some_left_to_train_on(self) -> LinearProbeParameters:
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share + test_share: expected less than 1, so that some videos train")
        return self
