"""The parameters of evaluation: which videos and which checkpoints of a subset."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from internvid_assets.parameters import Parameters

Evaluated: TypeAlias = Literal[
    "clip", "viclip_masked_checkpoint", "viclip_checkpoint", "viclip_interpolated_checkpoint"
]
"""`clip`: the initial weights of training, applied frame by frame; the baseline."""


class EvaluationParameters(Parameters):
    """What models are evaluated on (InternVid 4.2). Files are relative to internvid.toml, and videos to their csv."""

    actions: str = Field(
        "", description='A folder with one folder of videos per action, or a csv of path and label; "": rendered ones.'
    )
    retrieval: str = Field("", description='A csv of path and caption; "": rendered videos.')
    templates: str = Field(
        "",
        description='Prompt templates of an action: "plain", "bare", "paper", "sample_world", a file; "": automatic.',
    )
    checkpoints: list[Evaluated] = Field(["clip", "viclip_checkpoint"], min_length=1)
    drawn_videos: int = Field(256, ge=10, description="Number of videos to render if no source is configured.")
    drawn_seed: int = Field(0, ge=0)


class LinearProbeParameters(Parameters):
    """Logistic regression on the frozen video encoder's features (Radford et al., 2021, A.3), for `evaluation.actions`.

    Videos without a split are assigned one by a hash of their frames.
    """

    validation_share: float = Field(
        0.2, gt=0, lt=1, description="Fraction of each action's videos, used to select the l2."
    )
    test_share: float = Field(0.2, gt=0, lt=1, description="Fraction of each action's videos, used for testing.")
    l2s: list[Annotated[float, Field(ge=0)]] = Field(
        [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0], min_length=1, description="Penalties to try."
    )
    steps: int = Field(1000, ge=1, description="Maximum number of L-BFGS steps.")
    seed: int = Field(0, ge=0, description="Of the random splits.")

    @model_validator(mode="after")
    def _some_left_to_train_on(self) -> LinearProbeParameters:
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share + test_share: expected less than 1, to leave videos for training")
        return self
