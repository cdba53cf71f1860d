"""The parameters of ViCLIP's training: `[training]` for both phases, and a section for each."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from internvid_assets.parameters import NotInRecipe, Parameters

Activation: TypeAlias = Literal["quick_gelu", "gelu"]
"""OpenAI's CLIP takes the quick one; other CLIPs take either, and each encoder its own."""

Encoders: TypeAlias = Literal["exact", "divided"]
"""The encoders' gradient. `exact`: after the mean over processes that DDP takes, it is that of the whole batch.

`divided`: as in the released code, whose all-gather hands back the local slice without the other processes' share; the
same gradient divided by their number, while the temperature's is whole. AdamW hardly notices, weight decay aside.
"""

Positives: TypeAlias = Literal["row", "caption"]
"""What counts as the same sample: the same clip, as in the released code; or any clip with the same caption."""

Mirror: TypeAlias = Literal["pictures", "words", "never"]
"""Half of the clips are mirrored as in the released code, whatever their captions say; or `words` change sides, too."""

Precision: TypeAlias = Literal["bf16", "fp16", "no"]
"""Of the products in both encoders; losses, norms and weights stay in float32."""

CLIP_WORDS = "clip"
"""The tokenizer that is CLIP's own, from the package that ships it; any other is a folder."""

OF_SAMPLE: dict[str, dict[str, Any]] = {
    "training": {
        "subsets": ["internvid_10m"],  # the most clips that a small world has
        "workers": 0,
        "cache_bytes": 10**9,
        "picture_pixels": 96,  # what its CLIP sees
        "precision": "no",
        "recompute": False,
        "frames": 4,
        "least_crop": 1.0,
        "mirror": "words",
        "drop_path": 0.0,
        "freeze_text": False,  # no caption that its CLIP saw was about what moves
        "initial_temperature": 0.05,
        "initial_times": 4.0,
        "clip_gradient_norm": 1.0,
    },
    "viclip_masked_checkpoint": {
        "mask": 0.5,
        "verb_phrases": 0.95,
        "batch_size": 8,  # many steps count for more than large ones
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
"""What profile `sample` takes in place of the defaults, which are the paper's: minutes on two cores."""


class TrainingParameters(Parameters):
    """What both phases share (InternVid 4; the released configurations)."""

    subsets: Annotated[list[str], NotInRecipe] = Field(
        ["internvid_10m_flt"], description="Those that `internvid materialize` trains on; the UI can take any."
    )
    initial: str = Field("", description="A CLIP to begin with: folder or file; empty: the profile's.")
    tokenizer: str = Field("", description="`clip`, or a CLIP's folder; empty: that of `initial`.")
    captions: dict[str, float] = Field(
        {"fused_captions": 1.0}, description="Tables of captions, and how likely one of each is taken."
    )
    frames: int = Field(8, ge=1)
    context_tokens: int = Field(32, ge=3)
    weight_decay: float = Field(0.2, ge=0)
    layer_decay: float = Field(1.0, gt=0, le=1, description="Below 1, lower layers learn slower.")
    drop_path: float = Field(0.1, ge=0, lt=1)
    freeze_text: bool = True
    encoders: Encoders = Field(
        "exact", description='"divided": their gradient by the number of processes, as released.'
    )
    positives: Positives = Field("row", description='"caption": clips with one caption are positives of each other.')
    least_crop: float = Field(
        0.5, gt=0, le=1, description="The smallest share of a picture that is cut out; 1: it stays whole."
    )
    mirror: Mirror = Field("pictures", description='"words": captions of mirrored clips say left for right; "never".')
    initial_temperature: float = Field(0.01, gt=0, description="Of a CLIP's cosines; learned from there on.")
    initial_times: float = Field(
        0.0, ge=0, description="Deviation of the table of times, in those of the table of positions; 0: as released."
    )
    clip_gradient_norm: float = Field(0.0, ge=0, description="Longer gradients are shortened to it; 0: none is.")
    precision: Precision = "bf16"
    seed: int = 42
    picture_pixels: int = Field(256, ge=16, description="Larger stored pictures are shrunk before augmentation.")
    processes: Annotated[int, NotInRecipe] = Field(1, ge=1, description="On this machine: one per GPU.")
    launch_options: Annotated[list[str], NotInRecipe] = Field([], description="More options of `accelerate launch`.")
    workers: Annotated[int, NotInRecipe] = Field(8, ge=0, description="Per process: they make batches ahead.")
    cache_bytes: Annotated[int, NotInRecipe] = Field(0, ge=0, description="Decoded pictures that a worker keeps.")
    recompute: Annotated[bool, NotInRecipe] = Field(True, description="Gradient checkpointing.")
    compile: Annotated[bool, NotInRecipe] = False
    checkpoint_steps: Annotated[int, NotInRecipe] = Field(500, ge=1)
    kept_checkpoints: Annotated[int, NotInRecipe] = Field(2, ge=1)


class MaskedParameters(Parameters):
    """The first phase: most patches of a clip are removed."""

    mask: float = Field(0.9, ge=0, lt=1, description="Share of a clip's patches that are removed.")
    verb_phrases: float = Field(
        0.0, ge=0, le=1, description="Share of steps that compare clips with what happens in them alone (Momeni 2023)."
    )
    batch_size: int = Field(32_768, ge=2, description="Samples per step, of all processes together.")
    epochs: float = Field(10.0, gt=0)
    warmup_epochs: float = Field(0.5, ge=0)
    learning_rate: float = Field(4e-4, gt=0)


class UnmaskedParameters(MaskedParameters):
    """The second: all patches, a random half of the clips, a hundredth of the rate."""

    mask: float = Field(0.0, ge=0, lt=1, description="Share of a clip's patches that are removed.")
    batch_size: int = Field(2048, ge=2, description="Samples per step, of all processes together.")
    epochs: float = Field(0.5, gt=0)
    warmup_epochs: float = Field(0.1, ge=0)
    learning_rate: float = Field(4e-6, gt=0)


class InterpolationParameters(Parameters):
    """WiSE-FT: weights between the CLIP that training began with and what came out."""

    share: float = Field(0.5, ge=0, le=1, description="Of the trained weights; the released scripts take a half.")


def effective(section: str, parameters: Parameters, profile: str) -> dict[str, Any]:
    """The values of a section under a profile: whatever somebody set, else the profile's, else the paper's."""
    own = OF_SAMPLE.get(section, {}) if profile == "sample" else {}
    told = {name: value for name, value in own.items() if name not in parameters.model_fields_set}
    return {**parameters.model_dump(), **told}
