"""Model FLOPs utilisation: the floating-point operations of a training step, and the peak of a device.

As in Chowdhery et al. (2022, appendix B), without recomputation to save memory. For L tokens of width D, a block takes
24 L D^2 for its matrices and 4 L^2 D for its attention; multiplications and additions both count.
"""

from __future__ import annotations

from internvid_assets.models.viclip.sizes import ViclipSizes

PEAKS_PER_SECOND = {
    "B200": 2250e12,
    "H200": 989e12,
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L4": 121e12,
    "RTX 4090": 165e12,
}
"""Dense bf16 with float32 accumulation, from data sheets; the first name contained in the device name applies."""


def peak_per_second(device: str) -> float | None:
    """The peak of a CUDA device by its name; None if unknown."""
    return next((peak for name, peak in PEAKS_PER_SECOND.items() if name in device), None)


def step_flops(sizes: ViclipSizes, mask: float) -> float:
    """Per sample, forward and backward; texts, which are frozen, forward only. Ignores norms, losses and AdamW.

    Backward is twice forward, except for the patch embedding, since pixels need no gradient.
    """
    patches = sizes.frames * sizes.patches_per_frame
    kept = patches - int(mask * patches)
    embedding = 2 * kept * 3 * sizes.patch_pixels**2 * sizes.vision_width
    blocks = (sizes.vision_layers - 1) * block_flops(1 + kept, sizes.vision_width)
    blocks += last_block_flops(1 + kept, sizes.vision_width)
    projection = 2 * sizes.vision_width * sizes.joint_width
    texts = sizes.text_layers * block_flops(sizes.context_tokens, sizes.text_width)
    return 2 * embedding + 3 * (blocks + projection) + texts + 2 * sizes.text_width * sizes.joint_width


def last_block_flops(tokens: int, width: int) -> float:
    """Forward, per clip: keys and values of all tokens, everything else of the class token."""
    return 4 * tokens * width**2 + 20 * width**2 + 4 * tokens * width


def block_flops(tokens: int, width: int) -> float:
    """Forward, per sequence."""
    return 24 * tokens * width**2 + 4 * tokens**2 * width
