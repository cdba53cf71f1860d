"""The sizes of the tiny ViCLIP of which the released code computed everything."""

from internvid_assets.models.viclip.sizes import ViclipSizes

GOLDEN_SIZES = ViclipSizes(
    image_pixels=64,
    patch_pixels=16,
    vision_width=64,
    vision_layers=2,
    vision_heads=2,
    text_width=64,
    text_layers=2,
    text_heads=2,
    joint_width=48,
)
