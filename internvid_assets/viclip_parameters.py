"""The parameters of ViCLIP's training: `[training]` for both phases, and a section for each phase."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from internvid_assets.parameters import NotInRecipe, Parameters

Activation: TypeAlias = Literal["quick_gelu", "gelu"]
"""OpenAI's CLIP uses quick_gelu; other CLIPs use either, separately for each encoder."""

Encoders: TypeAlias = Literal["exact", "divided"]
"""The encoders' gradient. `exact`: after DDP's mean over processes, it is the gradient of the whole batch.

`divided`: as in the released code, whose all-gather backward returns the local slice without the contributions of the
other processes: the same gradient divided by their number, while the temperature's is complete. For AdamW the
difference is small, except for weight decay.
"""

Positives: TypeAlias = Literal["row", "caption"]
"""Which samples are positives of each other: only the same clip, as in the released code, or clips with one caption."""

Mirror: TypeAlias = Literal["pictures", "words", "never"]
"""`pictures`: half of the clips are mirrored, as in the released code; `words`: left and right in captions too."""

Precision: TypeAlias = Literal["bf16", "fp16", "no"]
"""Precision of the matrix products in both encoders; losses, norms and weights stay in float32."""

CLIP_WORDS = "clip"
"""CLIP's own tokenizer, from the package that ships it; any other value is a folder."""

OF_SAMPLE: dict[str, dict[str, Any]] = {
    "training": {
        "subsets": ["internvid_10m"],  # the largest subset of the small sample world
        "workers": 0,
        "cache_bytes": 10**9,
        "picture_pixels": 96,  # the input size of its CLIP
        "precision": "no",
        "recompute": False,
        "frames": 4,
        "least_crop": 1.0,
        "mirror": "words",
        "drop_path": 0.0,
        "freeze_text": False,  # its CLIP was trained on no captions about motion
        "initial_temperature": 0.05,
        "initial_times": 4.0,
        "clip_gradient_norm": 1.0,
    },
    "viclip_masked_checkpoint": {
        "mask": 0.5,
        "verb_phrases": 0.95,
        "batch_size": 8,  # many small steps work better here than few large ones
        "epochs": 27.0,
        "warmup_epochs": 2.0,
        "learning_rate": 5e-4,
    },
    "viclip_checkpoint": {
        "verb_phrases": 0.8,
        "batch_size": 16,
        "epochs": 1.0,
        "warmup_epochs": 0.2,
        "learning_rate": 2e-4,
    },
}
"""Overrides of profile `sample` (the defaults are the paper's): training takes minutes on two cores."""


class TrainingParameters(Parameters):
    """Shared by both phases (InternVid 4; the released configurations)."""

    subsets: Annotated[list[str], NotInRecipe] = Field(
        ["internvid_10m_flt"], description="Subsets that `internvid materialize` trains on; the UI can train on any."
    )
    initial: str = Field("", description="The initial CLIP: folder or file; empty: the profile's.")
    tokenizer: str = Field("", description="`clip`, or a CLIP's folder; empty: that of `initial`.")
    captions: dict[str, float] = Field(
        {"fused_captions": 1.0}, description="Caption tables, with their sampling weights."
    )
    frames: int = Field(8, ge=1)
    context_tokens: int = Field(32, ge=3)
    weight_decay: float = Field(0.2, ge=0)
    layer_decay: float = Field(1.0, gt=0, le=1, description="Below 1, lower layers learn slower.")
    drop_path: float = Field(0.1, ge=0, lt=1)
    freeze_text: bool = True
    encoders: Encoders = Field(
        "exact", description='"divided": gradient divided by the number of processes, as in the released code.'
    )
    positives: Positives = Field("row", description='"caption": clips with equal captions are positives too.')
    least_crop: float = Field(
        0.5, gt=0, le=1, description="Smallest fraction of the frame kept by random crops; 1: no cropping."
    )
    mirror: Mirror = Field("pictures", description='"words": also swap left and right in the captions; "never".')
    initial_temperature: float = Field(0.01, gt=0, description="When starting from a CLIP; it is then learned.")
    initial_times: float = Field(
        0.0,
        ge=0,
        description="Standard deviation of the temporal relative to the spatial position embeddings; 0: as released.",
    )
    clip_gradient_norm: float = Field(0.0, ge=0, description="Maximum gradient norm; 0: no clipping.")
    precision: Precision = "bf16"
    seed: int = 42
    picture_pixels: int = Field(256, ge=16, description="Larger stored frames are downscaled before augmentation.")
    processes: Annotated[int, NotInRecipe] = Field(1, ge=1, description="On this machine: one per GPU.")
    launch_options: Annotated[list[str], NotInRecipe] = Field([], description="More options for `accelerate launch`.")
    workers: Annotated[int, NotInRecipe] = Field(8, ge=0, description="Data-loading workers per process.")
    cache_bytes: Annotated[int, NotInRecipe] = Field(0, ge=0, description="Cache for decoded frames, per worker.")
    recompute: Annotated[bool, NotInRecipe] = Field(True, description="Gradient checkpointing.")
    compile: Annotated[bool, NotInRecipe] = False
    checkpoint_steps: Annotated[int, NotInRecipe] = Field(500, ge=1)
    kept_checkpoints: Annotated[int, NotInRecipe] = Field(2, ge=1)


class MaskedParameters(Parameters):
    """The first phase: most patches of a clip are masked."""

    mask: float = Field(0.9, ge=0, lt=1, description="Fraction of a clip's patches that are masked.")
    verb_phrases: float = Field(
        0.0, ge=0, le=1, description="Fraction of steps with the verb phrases of captions as texts (Momeni 2023)."
    )
    batch_size: int = Field(32_768, ge=2, description="Samples per step, over all processes.")
    epochs: float = Field(10.0, gt=0)
    warmup_epochs: float = Field(0.5, ge=0)
    learning_rate: float = Field(4e-4, gt=0)


class UnmaskedParameters(MaskedParameters):
    """The second phase: all patches, a random half of the clips, 1/100 of the learning rate."""

    mask: float = Field(0.0, ge=0, lt=1, description="Fraction of a clip's patches that are masked.")
    batch_size: int = Field(2048, ge=2, description="Samples per step, over all processes.")
    epochs: float = Field(0.5, gt=0)
    warmup_epochs: float = Field(0.1, ge=0)
    learning_rate: float = Field(4e-6, gt=0)


class InterpolationParameters(Parameters):
    """WiSE-FT: interpolation between the initial CLIP and the trained weights."""

    share: float = Field(0.5, ge=0, le=1, description="Weight of the trained weights; the released scripts use 0.5.")


def effective(section: str, parameters: Parameters, profile: str) -> dict[str, Any]:
    """The values of a section under a profile: those set explicitly, else the profile's, else the paper's."""
    own = OF_SAMPLE.get(section, {}) if profile == "sample" else {}
    overrides = {name: value for name, value in own.items() if name not in parameters.model_fields_set}
    return {**parameters.model_dump(), **overrides}
