"""ViCLIP's video encoder: a ViT with joint space-time attention (InternVid 4).

B clips, T frames, N patches per frame, L = T * N patches per clip, D width, E width of the joint space. Patches are in
the order of the released code, patch-major and time-minor: patch n of frame t is token n * T + t.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internvid_assets.models.viclip.masking import taken
from internvid_assets.models.viclip.sizes import ViclipSizes
from internvid_assets.models.viclip.transformer import Transformer


class VisionEncoder(nn.Module):
    """Patches with spatial and temporal positions, a class token, blocks over all, and the class token's projection."""

    def __init__(self, sizes: ViclipSizes, *, drop_path: float = 0.0) -> None:
        super().__init__()
        width, side, scale = sizes.vision_width, sizes.patch_pixels, sizes.vision_width**-0.5
        self.class_embedding = nn.Parameter(scale * torch.randn(width))
        self.positional_embedding = nn.Parameter(scale * torch.randn(1 + sizes.patches_per_frame, width))
        self.temporal_positional_embedding = nn.Parameter(torch.zeros(1, sizes.frames, width))
        self.proj = nn.Parameter(scale * torch.randn(width, sizes.joint_width))
        self.conv1 = nn.Conv3d(3, width, (1, side, side), (1, side, side), bias=False)
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = Transformer(
            width,
            sizes.vision_layers,
            sizes.vision_heads,
            activation=sizes.vision_activation,
            is_causal=False,
            drop_path=drop_path,
        )
        self.ln_post = nn.LayerNorm(width)

    def forward(self, video: Tensor, kept: Tensor | None = None) -> Tensor:
        """[B, E] from normalised videos [B, T, 3, H, W]; only from `kept` [B, K] patches, if given."""
        return self.features(video, kept) @ self.proj

    def features(self, video: Tensor, kept: Tensor | None = None) -> Tensor:
        """[B, D], before the projection into the joint space: the features for linear probes.

        `kept` [B, K]: indices of the L patches to encode, in order; the others are not even embedded, which makes
        masked training cheap.
        """
        x = self.embedded(video, kept)  # [B, K, D]
        x = torch.cat([self._class_token(x.shape[0]), x], dim=1)  # [B, 1 + K, D]: the class token is never removed
        x = self.transformer(self.ln_pre(x), first_only=True)  # [B, 1, D]
        return self.ln_post(x[:, 0])

    def embedded(self, video: Tensor, kept: Tensor | None = None) -> Tensor:
        """Patches [B, L or K, D] with their positions."""
        patches, positions = self.patches(video), self.positions(video.shape[1])[None]  # [B, L, 3 p p], [1, L, D]
        if kept is not None:
            patches, positions = taken(patches, kept), taken(positions.expand(len(kept), -1, -1), kept)
        return F.linear(patches, self.conv1.weight.flatten(1)) + positions

    def patches(self, video: Tensor) -> Tensor:
        """[B, L, 3 p p]: a convolution with stride equal to its kernel size is a linear map of each patch."""
        B, T, C, H, W = video.shape
        side = self.conv1.kernel_size[-1]
        rows, columns = H // side, W // side
        if rows * columns != len(self.positional_embedding) - 1 or H % side or W % side:
            patches = len(self.positional_embedding) - 1
            raise ValueError(f"frames of {H} x {W} pixels: expected {patches} patches of {side} x {side}")
        x = video.reshape(B, T, C, rows, side, columns, side)
        x = x.permute(0, 3, 5, 1, 2, 4, 6)  # [B, rows, columns, T, 3, p, p]: patch-major, time-minor
        return x.reshape(B, rows * columns * T, C * side * side)

    def positions(self, frames: int) -> Tensor:
        """[L, D]: spatial plus temporal position embeddings. A single frame gets the mean temporal embedding."""
        spatial, temporal = self.positional_embedding[1:, None], self.temporal_positional_embedding  # [N,1,D], [1,T,D]
        if frames == 1:
            temporal = temporal.mean(dim=1, keepdim=True)
        elif frames != temporal.shape[1]:
            raise ValueError(f"{frames} frames: expected 1 or {temporal.shape[1]}; load with frames={frames}")
        return (spatial + temporal).flatten(0, 1)

    def _class_token(self, clips: int) -> Tensor:
        """[B, 1, D]; it has a spatial position embedding, but no temporal one."""
        return (self.class_embedding + self.positional_embedding[0]).expand(clips, 1, -1)
