"""The sizes of ViCLIP's architecture, and named presets."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from internvid_assets.cells.errors import UserError
from internvid_assets.viclip_parameters import Activation


@dataclass(frozen=True, kw_only=True)
class ViclipSizes:
    """Both encoders and the joint space. A frame is a square of `image_pixels`, divided into square patches."""

    image_pixels: int = 224
    patch_pixels: int = 16
    frames: int = 8
    vision_width: int
    vision_layers: int
    vision_heads: int
    vision_activation: Activation = "quick_gelu"
    text_width: int
    text_layers: int
    text_heads: int
    text_activation: Activation = "quick_gelu"
    context_tokens: int = 32
    vocabulary: int = 49_408
    end_token: int = 49_407
    joint_width: int

    def __post_init__(self) -> None:
        _refuse_remainder("image_pixels", self.image_pixels, "patch_pixels", self.patch_pixels)
        _refuse_remainder("vision_width", self.vision_width, "vision_heads", self.vision_heads)
        _refuse_remainder("text_width", self.text_width, "text_heads", self.text_heads)

    @property
    def patches_per_frame(self) -> int:
        """N."""
        return (self.image_pixels // self.patch_pixels) ** 2

    @classmethod
    def read(cls, config: dict[str, Any]) -> ViclipSizes:
        """From the values of a config.json; unknown ones are ignored. Raises UserError for a missing one."""
        known = {field.name for field in fields(cls)}
        try:
            return cls(**{name: value for name, value in config.items() if name in known})
        except TypeError as error:
            raise UserError(f"sizes of ViCLIP: {error}; expected {', '.join(sorted(known))}") from None


def _refuse_remainder(name: str, value: int, of: str, divisor: int) -> None:
    if value % divisor:
        raise UserError(f"{name} = {value}: expected a multiple of {of} = {divisor}")


NAMED = {
    # The released models: CLIP ViT-L/14 and B/16 with a table of 8 frames (InternVid 4, table 9).
    "l14": ViclipSizes(
        patch_pixels=14,
        vision_width=1024,
        vision_layers=24,
        vision_heads=16,
        text_width=768,
        text_layers=12,
        text_heads=12,
        joint_width=768,
    ),
    "b16": ViclipSizes(
        vision_width=768,
        vision_layers=12,
        vision_heads=12,
        text_width=512,
        text_layers=12,
        text_heads=8,
        joint_width=512,
    ),
    # The size of the sample world's CLIP: minutes of training on two cores.
    "tiny": ViclipSizes(
        image_pixels=96,
        patch_pixels=12,
        vision_width=128,
        vision_layers=4,
        vision_heads=4,
        text_width=128,
        text_layers=2,
        text_heads=4,
        joint_width=128,
    ),
}


def named_sizes(name: str) -> ViclipSizes:
    """One of `NAMED`; raises UserError for another name."""
    if name not in NAMED:
        raise UserError(f"size {name!r}: expected one of {', '.join(NAMED)}")
    return NAMED[name]
