"""Random masking of a clip's patches (InternVid 4, after He et al., 2022), independently for each sample."""

from __future__ import annotations

import torch
from torch import Tensor


def kept_patches(noise: Tensor, share: float) -> Tensor:
    """[B, K]: indices of the patches to keep, in order, from uniform `noise` [B, L]; floor(share * L) are removed.

    Over all patches in space and time, without tubes.
    """
    L = noise.shape[1]
    removed = int(share * L)
    shuffled = noise.argsort(dim=1)  # ascending: small is removed, large is kept
    return shuffled[:, removed:].sort(dim=1).values


def random_patches(samples: int, patches: int, share: float, *, device: torch.device | str | None = None) -> Tensor:
    """[B, K] as in `kept_patches`, from the device's random generator."""
    return kept_patches(torch.rand(samples, patches, device=device), share)


def taken(tokens: Tensor, kept: Tensor) -> Tensor:
    """[B, K, D]: the tokens [B, L, D] with the indices `kept` [B, K]."""
    return tokens.gather(1, kept[..., None].expand(-1, -1, tokens.shape[-1]))
