"""Everything a training run depends on, as one JSON file that a launcher on any machine is given."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from internvid_assets.cells.errors import UserError
from internvid_assets.viclip_parameters import Encoders, Mirror, Positives, Precision


class NotInRun:
    """Marks what changes no weight: a run goes on where another one of different values stopped."""


class TrainingConfig(BaseModel):
    """One phase of training. The defaults are the masked phase of the released L/14 (InternVid 4)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: Annotated[Path, NotInRun] = Field(description="What `rows.write_rows` wrote.")
    frame_stores: Annotated[Path, NotInRun] = Field(description="The folder with a frame store per category.")
    output: Annotated[Path, NotInRun] = Field(description="Where checkpoints and the curve of losses go.")
    initial: Annotated[str, NotInRun] = Field(description="A CLIP, or a checkpoint of ViCLIP: a folder or a file.")
    tokenizer: Annotated[str, NotInRun] = Field(description="`clip`, or a CLIP's folder: whose words `initial` knows.")
    frames: int = Field(8, ge=1)
    context_tokens: int = Field(32, ge=3)
    mask: float = Field(0.9, ge=0, lt=1, description="Share of patches that are removed.")
    batch_size: int = Field(32_768, ge=1, description="Samples per step, of all processes together.")
    epochs: float = Field(10, gt=0)
    warmup_epochs: float = Field(0.5, ge=0)
    learning_rate: float = Field(4e-4, gt=0)
    lowest_rate_share: float = Field(0.01, ge=0, le=1)
    weight_decay: float = Field(0.2, ge=0)
    betas: tuple[float, float] = (0.9, 0.98)
    layer_decay: float = Field(1.0, gt=0, le=1, description="Below 1, lower layers learn slower.")
    drop_path: float = Field(0.1, ge=0, lt=1)
    freeze_text: bool = True
    encoders: Encoders = "exact"
    positives: Positives = "row"
    least_crop: float = Field(0.5, gt=0, le=1, description="The smallest share of a picture that is cut out.")
    mirror: Mirror = "pictures"
    verb_phrases: float = Field(0.0, ge=0, le=1, description="Share of steps whose texts are verb phrases.")
    verb_tagger: str = Field("", description="Which one finds the verbs, where they are asked for.")
    initial_temperature: float = Field(0.01, gt=0)
    initial_times: float = Field(0.0, ge=0)
    clip_gradient_norm: float = Field(0.0, ge=0, description="0: gradients stay as long as they are.")
    precision: Precision = "bf16"
    seed: int = 42
    picture_pixels: int = Field(256, ge=16, description="Larger stored pictures are shrunk before augmentation.")
    recompute: Annotated[bool, NotInRun] = Field(True, description="Gradient checkpointing: less memory, more time.")
    compile: Annotated[bool, NotInRun] = False
    workers: Annotated[int, NotInRun] = Field(8, ge=0, description="Processes per rank that make batches ahead.")
    cache_bytes: Annotated[int, NotInRun] = Field(0, ge=0, description="Decoded pictures that each of them keeps.")
    checkpoint_steps: Annotated[int, NotInRun] = Field(500, ge=1)
    kept_checkpoints: Annotated[int, NotInRun] = Field(2, ge=1)
    report_steps: Annotated[int, NotInRun] = Field(10, ge=1)

    def identity(self, initial_weights: str) -> str:
        """A hash of all that decides what the weights become, but the rows, which have a hash of their own.

        `initial_weights` is the hash of those it begins with, wherever they lie.
        """
        fields = type(self).model_fields
        told = {name for name, field in fields.items() if NotInRun not in field.metadata}
        text = initial_weights + self.model_dump_json(include=told)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def read_config(path: Path) -> TrainingConfig:
    """Raises UserError with the field, its value and what is expected."""
    try:
        return TrainingConfig.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path} ({error.strerror}); expected the JSON of a training run") from None
    except ValidationError as error:
        first: Any = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(f"{path}: {where} = {first['input']!r:.60}: {first['msg']}") from None
