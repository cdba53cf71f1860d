"""ViCLIP as in its released training code: nn.MultiheadAttention, a Conv3d, every patch embedded.

Parameter names are the same as ours. `mask` removes patches after their embedding, as in the released code.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internvid_assets.models.viclip.masking import random_patches, taken
from internvid_assets.models.viclip.sizes import ViclipSizes


class QuickGelu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class OfficialBlock(nn.Module):
    def __init__(self, width: int, heads: int, mask: Tensor | None) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, heads)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.Sequential()
        self.mlp.add_module("c_fc", nn.Linear(width, 4 * width))
        self.mlp.add_module("gelu", QuickGelu())
        self.mlp.add_module("c_proj", nn.Linear(4 * width, width))
        self.mask = mask

    def forward(self, x: Tensor) -> Tensor:
        """[L, B, D]."""
        mask = None if self.mask is None else self.mask.to(x.device, x.dtype)
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp(self.ln_2(x))


class OfficialTransformer(nn.Module):
    def __init__(self, width: int, layers: int, heads: int, mask: Tensor | None = None) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(OfficialBlock(width, heads, mask) for _ in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        for block in self.resblocks:
            x = block(x)
        return x


class OfficialVision(nn.Module):
    def __init__(self, sizes: ViclipSizes) -> None:
        super().__init__()
        width, side = sizes.vision_width, sizes.patch_pixels
        self.conv1 = nn.Conv3d(3, width, (1, side, side), (1, side, side), (0, 0, 0), bias=False)
        self.class_embedding = nn.Parameter(torch.empty(width))
        self.positional_embedding = nn.Parameter(torch.empty(1 + sizes.patches_per_frame, width))
        self.temporal_positional_embedding = nn.Parameter(torch.empty(1, sizes.frames, width))
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.transformer = OfficialTransformer(width, sizes.vision_layers, sizes.vision_heads)
        self.proj = nn.Parameter(torch.empty(width, sizes.joint_width))

    def forward(self, video: Tensor, mask: float) -> Tensor:
        x = self.conv1(video.transpose(1, 2))  # [B, D, T, h, w]
        B, C, T, H, W = x.shape
        x = x.permute(0, 2, 3, 4, 1).reshape(B * T, H * W, C)
        own = self.class_embedding.to(x.dtype) + torch.zeros(B * T, 1, C, dtype=x.dtype, device=x.device)
        x = torch.cat([own, x], dim=1) + self.positional_embedding.to(x.dtype)
        classes, x = x[:B, :1], x[:, 1:]
        x = x.reshape(B, T, H * W, C).transpose(1, 2).reshape(B * H * W, T, C) + self.temporal_positional_embedding
        x = x.reshape(B, H * W * T, C)
        if mask:
            x = taken(x, random_patches(B, x.shape[1], mask, device=x.device))
        x = self.ln_pre(torch.cat([classes, x], dim=1))
        x = self.ln_post(self.transformer(x.permute(1, 0, 2)))  # the last norm is applied to all tokens
        return x[0] @ self.proj


class OfficialText(nn.Module):
    def __init__(self, sizes: ViclipSizes) -> None:
        super().__init__()
        width, tokens = sizes.text_width, sizes.context_tokens
        self.token_embedding = nn.Embedding(sizes.vocabulary, width)
        self.positional_embedding = nn.Parameter(torch.empty(tokens, width))
        causal = torch.full((tokens, tokens), float("-inf")).triu(1)
        self.transformer = OfficialTransformer(width, sizes.text_layers, sizes.text_heads, causal)
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.empty(width, sizes.joint_width))

    def forward(self, token_ids: Tensor) -> Tensor:
        x = self.token_embedding(token_ids) + self.positional_embedding
        x = self.ln_final(self.transformer(x.permute(1, 0, 2)).permute(1, 0, 2))
        return x[torch.arange(len(x), device=x.device), token_ids.argmax(dim=-1)] @ self.text_projection


class OfficialViclip(nn.Module):
    """On one process; the text encoder is frozen, as in the released runs."""

    def __init__(self, sizes: ViclipSizes) -> None:
        super().__init__()
        self.temp = nn.Parameter(torch.tensor(0.01))
        self.vision_encoder, self.text_encoder = OfficialVision(sizes), OfficialText(sizes)
        self.text_encoder.requires_grad_(False)

    def forward(self, video: Tensor, token_ids: Tensor, sample_ids: Tensor, *, mask: float = 0.0) -> Tensor:
        with torch.no_grad():
            self.temp.clamp_(min=0.01)
        vectors = self.vision_encoder(video, mask), self.text_encoder(token_ids)
        with torch.autocast(video.device.type, enabled=False):
            videos, texts = (F.normalize(vector.float(), dim=-1) for vector in vectors)
            targets = (sample_ids[:, None] == sample_ids[None]).float()
            targets = targets / targets.sum(dim=1, keepdim=True)
            video_to_text, text_to_video = videos @ texts.T / self.temp, texts @ videos.T / self.temp
            losses = [
                -(F.log_softmax(one, dim=1) * targets).sum(dim=1).mean() for one in (video_to_text, text_to_video)
            ]
        return (losses[0] + losses[1]) / 2
