"""A ViCLIP for tests: a step of training takes milliseconds."""

from __future__ import annotations

from internvid_assets.models.viclip.sizes import ViclipSizes

TINIEST = ViclipSizes(
    image_pixels=32,
    patch_pixels=16,
    frames=4,
    vision_width=32,
    vision_layers=2,
    vision_heads=2,
    text_width=32,
    text_layers=1,
    text_heads=2,
    joint_width=16,
)
