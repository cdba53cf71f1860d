"""Random masking of a clip's patches (InternVid 4, after He et al., 2022): each sample loses its own."""

from __future__ import annotations

import torch
from torch import Tensor


def kept_patches(noise: Tensor, share: float) -> Tensor:
    """[B, K]: which patches stay, in their order, of uniform `noise` [B, L]; `share` of them, rounded down, is removed.

    Over all patches of space and time alike: no tubes.
    """
    L = noise.shape[1]
    removed = int(share * L)
    shuffled = noise.argsort(dim=1)  # ascending: small is removed, large is kept
    return shuffled[:, removed:].sort(dim=1).values


def random_patches(samples: int, patches: int, share: float, *, device: torch.device | str | None = None) -> Tensor:
    """[B, K] as `kept_patches` has them, by the device's own generator."""
    return kept_patches(torch.rand(samples, patches, device=device), share)


def taken(tokens: Tensor, kept: Tensor) -> Tensor:
    """[B, K, D]: those of the tokens [B, L, D] that `kept` [B, K] names."""
    return tokens.gather(1, kept[..., None].expand(-1, -1, tokens.shape[-1]))
