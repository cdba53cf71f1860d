"""The transformer of both CLIP encoders, in shapes [B, L, D]: batch, tokens, width.

Module names are those of OpenAI's CLIP, and so of ViCLIP's checkpoints.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from internvid_assets.viclip_parameters import Activation

QUICK = 1.702
"""The factor of OpenAI's approximation of GELU."""


class Transformer(nn.Module):
    """A sequence of blocks."""

    def __init__(
        self, width: int, layers: int, heads: int, *, activation: Activation, is_causal: bool, drop_path: float = 0.0
    ) -> None:
        super().__init__()
        # Deeper blocks are dropped more often (Huang et al., 2016), as in the released training code.
        rates = [drop_path * layer / max(1, layers - 1) for layer in range(layers)]
        self.resblocks = nn.ModuleList(
            Block(width, heads, activation=activation, is_causal=is_causal, drop_path=rate) for rate in rates
        )
        self.recompute = False
        """Gradient checkpointing: keep only the inputs of blocks, and recompute the rest in the backward pass."""

    def forward(self, x: Tensor, *, first_only: bool = False) -> Tensor:
        """[B, L, D] from [B, L, D]; with `first_only` [B, 1, D], the output of the first token.

        It attends to all others, so only in the last block their outputs need not be computed.
        """
        for block in self.resblocks:
            spared = first_only and block is self.resblocks[-1]
            if self.recompute and self.training and torch.is_grad_enabled():
                x = checkpoint(block, x, use_reentrant=False, first_only=spared)
            else:
                x = block(x, first_only=spared)
        return x


class Block(nn.Module):
    """Pre-norm residual block: attention, then a two-layer perceptron."""

    def __init__(
        self, width: int, heads: int, *, activation: Activation, is_causal: bool, drop_path: float = 0.0
    ) -> None:
        super().__init__()
        self.attn = Attention(width, heads, is_causal=is_causal)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = Perceptron(width, activation)
        self.ln_2 = nn.LayerNorm(width)
        self.drop_path = drop_path

    def forward(self, x: Tensor, *, first_only: bool = False) -> Tensor:
        seen = self.attn(self.ln_1(x), first_only=first_only)
        x = (x[:, :1] if first_only else x) + self._dropped(seen)
        return x + self._dropped(self.mlp(self.ln_2(x)))

    def _dropped(self, branch: Tensor) -> Tensor:
        """Stochastic depth: the branch is zeroed for some samples and scaled up for the others, to keep its mean."""
        if not self.training or self.drop_path == 0:
            return branch
        kept = torch.rand(len(branch), 1, 1, device=branch.device) >= self.drop_path
        return branch * kept / (1 - self.drop_path)


class Attention(nn.Module):
    """Self-attention; causal for texts."""

    def __init__(self, width: int, heads: int, *, is_causal: bool) -> None:
        super().__init__()
        self.heads, self.is_causal = heads, is_causal
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor, *, first_only: bool = False) -> Tensor:
        if first_only:
            return self._first(x)
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias)  # [B, L, 3 D]
        q, k, v = qkv.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # each [B, heads, L, d]
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=self.is_causal)  # [B, heads, L, d]
        return self.out_proj(attended.transpose(1, 2).flatten(2))

    def _first(self, x: Tensor) -> Tensor:
        """[B, 1, D]: the output of the first token; of the others, only keys and values are computed."""
        width = x.shape[-1]
        q = F.linear(x[:, :1], self.in_proj_weight[:width], self.in_proj_bias[:width])  # [B, 1, D]
        kv = F.linear(x, self.in_proj_weight[width:], self.in_proj_bias[width:])  # [B, L, 2 D]
        k, v = kv.unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)  # each [B, heads, L, d]
        attended = F.scaled_dot_product_attention(q.unflatten(-1, (self.heads, -1)).transpose(1, 2), k, v)
        return self.out_proj(attended.transpose(1, 2).flatten(2))


class Perceptron(nn.Module):
    """Two layers, four times as wide inside."""

    def __init__(self, width: int, activation: Activation) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.is_quick = activation == "quick_gelu"
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        if self.is_quick and torch.is_grad_enabled():
            return self._quick(x)
        inner = self.c_fc(x)
        return self.c_proj(quick_gelu(inner) if self.is_quick else F.gelu(inner))

    def _quick(self, x: Tensor) -> Tensor:
        """With gradients: x sigmoid(s x) = silu(s x) / s, with s folded into the matrices, which are smaller than x.

        This takes one pass over the widest tensors instead of three, and stores one fewer for the backward pass.
        """
        inner = F.silu(F.linear(x, QUICK * self.c_fc.weight, QUICK * self.c_fc.bias))
        return F.linear(inner, self.c_proj.weight / QUICK, self.c_proj.bias)


def quick_gelu(x: Tensor) -> Tensor:
    """OpenAI's approximation of GELU."""
    return x * torch.sigmoid(QUICK * x)
