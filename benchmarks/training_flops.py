"""Floating-point operations of a training step, and how many a chip could do: model FLOPs utilisation.

As in Chowdhery et al. (2022, appendix B): what the model needs, whatever is computed twice to save memory. L tokens, D
width: a block is 24 L D^2 for its matrices and 4 L^2 D for its attention; multiplications and additions both count.
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
"""Dense bf16 products with sums in float32, by makers' data sheets; the first name that a device's name holds."""


def peak_per_second(device: str) -> float | None:
    """Of a CUDA device's name; None where it is not known."""
    return next((peak for name, peak in PEAKS_PER_SECOND.items() if name in device), None)


def step_flops(sizes: ViclipSizes, mask: float) -> float:
    """Of one sample, forth and back; texts, which are frozen, forth only. Norms, losses and AdamW are left out.

    Back is twice forth, but for patches, whose pixels want no gradient.
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
    """Forth, of one clip: keys and values of all tokens, everything else of the class token."""
    return 4 * tokens * width**2 + 20 * width**2 + 4 * tokens * width


def block_flops(tokens: int, width: int) -> float:
    """Forth, of one sequence."""
    return 24 * tokens * width**2 + 4 * tokens**2 * width
