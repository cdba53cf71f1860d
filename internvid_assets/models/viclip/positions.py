"""Adapting position embeddings to other numbers of frames or tokens."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F


def adapted(table: Tensor, count: int, *, longer: Literal["interpolate", "zeros"] = "interpolate") -> Tensor:
    """[…, count, D] from a table […, positions, D], as in the released code.

    A shorter table is the beginning of the trained one; a longer one is interpolated linearly, or padded with zeros.
    """
    positions, width = table.shape[-2:]
    if count <= positions:
        return table[..., :count, :].clone()
    if longer == "zeros":
        return torch.cat([table, table.new_zeros(*table.shape[:-2], count - positions, width)], dim=-2)
    flat = table.reshape(-1, positions, width).transpose(1, 2)  # [n, D, positions]
    stretched = F.interpolate(flat, size=count, mode="linear").transpose(1, 2)
    return stretched.reshape(*table.shape[:-2], count, width)


def inflated(weight: Tensor, frames: int, *, kind: Literal["center", "mean"] = "center") -> Tensor:
    """A 3D kernel [D, 3, frames, p, p] from a 2D one [D, 3, p, p] (Carreira and Zisserman, 2017).

    It applies to the middle frame only, or to the mean of all.
    """
    if kind == "mean":
        return weight.unsqueeze(2).repeat(1, 1, frames, 1, 1) / frames
    of_frames = weight.new_zeros(*weight.shape[:2], frames, *weight.shape[2:])
    of_frames[:, :, frames // 2] = weight
    return of_frames
