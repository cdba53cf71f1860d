"""Everything a training run depends on, as one JSON file for a launcher on any machine."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from internvid_assets.cells.errors import UserError
from internvid_assets.parameters import NotInRecipe
from internvid_assets.viclip_parameters import Encoders, Mirror, Positives, Precision


class TrainingConfig(BaseModel):
    """One phase of training: paths, then the settings in force (validated by `viclip_parameters`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: Annotated[Path, NotInRecipe] = Field(description="The file written by `rows.write_rows`.")
    frame_stores: Annotated[Path, NotInRecipe] = Field(description="The folder with a frame store per category.")
    output: Annotated[Path, NotInRecipe] = Field(description="Folder for checkpoints and the loss curve.")
    initial: Annotated[str, NotInRecipe] = Field(description="A CLIP, or a ViCLIP checkpoint: a folder or a file.")
    tokenizer: Annotated[str, NotInRecipe] = Field(
        description="`clip`, or a CLIP's folder: the tokenizer of `initial`."
    )
    frames: int
    context_tokens: int
    mask: float
    batch_size: int
    epochs: float
    warmup_epochs: float
    learning_rate: float
    lowest_rate_share: float = Field(
        0.01, ge=0, le=1, description="Final learning rate as a fraction of the base rate (InternVid 4)."
    )
    weight_decay: float
    betas: tuple[float, float] = (0.9, 0.98)
    layer_decay: float
    drop_path: float
    freeze_text: bool
    encoders: Encoders
    positives: Positives
    least_crop: float
    mirror: Mirror
    verb_phrases: float
    verb_tagger: str = Field("", description="Identity of the tagger, if verb phrases are used.")
    initial_temperature: float
    initial_times: float
    clip_gradient_norm: float
    precision: Precision
    seed: int
    picture_pixels: int
    recompute: Annotated[bool, NotInRecipe]
    compile: Annotated[bool, NotInRecipe]
    workers: Annotated[int, NotInRecipe]
    cache_bytes: Annotated[int, NotInRecipe]
    checkpoint_steps: Annotated[int, NotInRecipe]
    kept_checkpoints: Annotated[int, NotInRecipe]
    report_steps: Annotated[int, NotInRecipe] = Field(10, ge=1)

    def identity(self, initial_weights: str) -> str:
        """A hash of everything that determines the final weights, except the rows, which have their own hash.

        `initial_weights` is the hash of the initial weights, independent of their path.
        """
        fields = type(self).model_fields
        counting = {name for name, field in fields.items() if NotInRecipe not in field.metadata}
        text = initial_weights + self.model_dump_json(include=counting)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def read_config(path: Path) -> TrainingConfig:
    """Raises UserError with the field, its value and the expectation."""
    try:
        return TrainingConfig.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path} ({error.strerror}); expected the JSON of a training run") from None
    except ValidationError as error:
        first: Any = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(f"{path}: {where} = {first['input']!r:.60}: {first['msg']}") from None
