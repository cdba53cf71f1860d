"""Preprocessing and augmentation of frames for ViCLIP, on any device. B clips, T frames per clip."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's: the released code uses them for every encoder with `vit` in its name, including CLIP's."""
LEAST_CROP, CROP_RATIO, CROP_TRIES = 0.5, (3 / 4, 4 / 3), 10
"""Minimum area fraction, aspect ratios (width / height), and number of attempts at a box that fits (as released)."""
NOISE = 2 * CROP_TRIES + 3
"""Number of random numbers per augmentation: areas and ratios to try, position, mirroring."""
MIRROR = NOISE - 1
"""Index of the one for mirroring, which happens below 0.5."""
COLOUR_NOISE = 3
"""Number of random numbers per colour change: hue, contrast, brightness."""
CONTRAST, BRIGHTNESS = (0.5, 1.1), (-40.0, 40.0)
"""Ranges of the contrast factor, and of the brightness offset (in levels of 255)."""
BICUBIC = -0.75
"""The parameter of PyTorch's bicubic kernel."""


def normalised(pixels: Tensor) -> Tensor:
    """float32 [..., 3, H, W] from levels 0 to 255."""
    mean, deviation = (torch.tensor(values, device=pixels.device)[:, None, None] for values in (MEAN, DEVIATION))
    return (pixels.float() / 255 - mean) / deviation


def prepared(frames: Tensor, side: int, *, antialias: bool = False) -> Tensor:
    """For evaluation: [n, 3, side, side] from uint8 [n, 3, H, W], resized to a square without cropping.

    At the time of the released code, tensors were resized without antialiasing (torchvision 0.15).
    """
    pixels, options = frames.float(), {"mode": "bicubic", "align_corners": False, "antialias": antialias}
    return normalised(F.interpolate(pixels, (side, side), **options).round().clamp(0, 255))


def augmented(frames: Tensor, side: int, boxes: Tensor, flips: Tensor, colours: Tensor | None = None) -> Tensor:
    """For training: [B, T, 3, side, side] from uint8 [B, T, 3, H, W]; the same crop and mirroring for all frames of a
    clip.

    `boxes` [B, 4]: top, left, height, width of the crop. `flips` [B]: whether it is mirrored. `colours`
    [B, COLOUR_NOISE]: uniform random numbers for colour changes. Crop, resize and mirroring are one matrix per axis, so
    a batch of clips of any sizes takes two matrix products, on any device. Frames smaller than [H, W] are at the top
    left.
    """
    top, left, height, width = boxes.to(frames.device).unbind(1)
    rows = resampling(top, height, frames.shape[-2], side)  # [B, side, H]
    columns = resampling(left, width, frames.shape[-1], side)  # [B, side, W]
    columns = torch.where(flips.to(frames.device)[:, None, None], columns.flip(1), columns)
    B, T = frames.shape[:2]
    flat = frames.float().flatten(1, 2)  # [B, T * 3, H, W]
    square = (rows[:, None] @ (flat @ columns[:, None].transpose(2, 3))).view(B, T, 3, side, side)
    square = square if colours is None else recoloured(square, colours.to(frames.device))
    return normalised(square.round().clamp(0, 255))


def recoloured(pixels: Tensor, noise: Tensor) -> Tensor:
    """Change hue, contrast and brightness of each clip, for levels [B, T, 3, H, W]; `noise` [B, COLOUR_NOISE].

    Hue is rotated by any angle about the grey axis; texts that mention no colours stay true.
    """
    angle, contrast, brightness = noise.unbind(1)
    low, high = CONTRAST
    matrix = (contrast * (high - low) + low)[:, None, None] * turns_of_hue(angle)  # [B, 3, 3]
    darkest, lightest = BRIGHTNESS
    shift = 127.5 + brightness * (lightest - darkest) + darkest
    mixed = torch.einsum("bij,btjhw->btihw", matrix, pixels - 127.5)
    return mixed + shift[:, None, None, None, None]


def turns_of_hue(share: Tensor) -> Tensor:
    """Rotations [B, 3, 3] about the grey axis, by fractions [B] of a full turn (Rodrigues' formula)."""
    axis = 3**-0.5
    cross = axis * torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]], device=share.device)
    sine, cosine = (2 * torch.pi * share).sin(), (2 * torch.pi * share).cos()
    one = torch.eye(3, device=share.device)
    return one + sine[:, None, None] * cross + (1 - cosine)[:, None, None] * (cross @ cross)


def resampling(start: Tensor, length: Tensor, size: int, side: int) -> Tensor:
    """[B, side, size]: matrices that resample [start, start + length) of a line of `size` pixels to `side` pixels.

    Bicubic without antialiasing; pixels outside are replaced by the nearest one inside.
    """
    places = torch.arange(side, device=start.device)
    wanted = (places + 0.5) * (length[:, None] / side) - 0.5  # [B, side], in pixels of the crop
    first = wanted.floor()
    taps = torch.arange(-1, 3, device=start.device)
    weights = _cubic((first[..., None] + taps - wanted[..., None]).abs())  # [B, side, 4]
    inside = torch.minimum((first[..., None] + taps).clamp(min=0), length[:, None, None] - 1).long()
    matrix = torch.zeros(len(start), side, size, device=start.device)
    return matrix.scatter_add_(2, inside + start[:, None, None], weights)


def _cubic(distance: Tensor) -> Tensor:
    near = ((BICUBIC + 2) * distance - (BICUBIC + 3)) * distance**2 + 1
    far = BICUBIC * (((distance - 5) * distance + 8) * distance - 4)
    return torch.where(distance <= 1, near, torch.where(distance < 2, far, torch.zeros_like(far)))


def random_boxes(heights: Tensor, widths: Tensor, noise: Tensor, *, least: float = LEAST_CROP) -> tuple[Tensor, Tensor]:
    """Boxes int64 [B, 4] and flips bool [B] for `augmented`, from uniform `noise` [B, NOISE].

    As in torchvision, the area is uniform from `least` of the frame to all of it, and the aspect ratio log-uniform.
    With `least` = 1 the box is the whole frame, whatever its ratio, as in evaluation.
    """
    tries = CROP_TRIES
    low, high = torch.tensor(CROP_RATIO).log().tolist()
    areas = heights * widths * (noise[:, :tries].T * (1 - least) + least)  # [tries, B]
    ratios = (noise[:, tries : 2 * tries].T * (high - low) + low).exp()
    width, height = (areas * ratios).sqrt().round(), (areas / ratios).sqrt().round()
    fits = (width >= 1) & (width <= widths) & (height >= 1) & (height <= heights)
    first, any_fits = fits.int().argmax(dim=0)[None], fits.any(dim=0)
    whole_height, whole_width = _largest(heights, widths)
    height = torch.where(any_fits, height.gather(0, first)[0], whole_height)
    width = torch.where(any_fits, width.gather(0, first)[0], whole_width)
    if least == 1:
        height, width = heights, widths
    down, right, flip = noise[:, 2 * tries :].unbind(1)
    middle = torch.tensor(0.5)  # if no box fits, the centre is cropped
    top = (torch.where(any_fits, down, middle) * (heights - height + 1)).floor()
    left = (torch.where(any_fits, right, middle) * (widths - width + 1)).floor()
    return torch.stack([top, left, height, width], dim=1).long(), flip < 0.5


def _largest(heights: Tensor, widths: Tensor) -> tuple[Tensor, Tensor]:
    """The largest box with an allowed ratio."""
    width = torch.minimum(widths, (heights * CROP_RATIO[1]).round())
    height = torch.minimum(heights, (widths / CROP_RATIO[0]).round())
    return height, width
