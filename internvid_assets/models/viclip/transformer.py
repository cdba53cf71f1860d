"""The transformer that both of CLIP's encoders are, in shapes [B, L, D]: batch, tokens, width.

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
    """Blocks, one after the other."""

    def __init__(
        self, width: int, layers: int, heads: int, *, activation: Activation, is_causal: bool, drop_path: float = 0.0
    ) -> None:
        super().__init__()
        # Deeper blocks are left out more often (Huang et al., 2016), as in the released training code.
        rates = [drop_path * layer / max(1, layers - 1) for layer in range(layers)]
        self.resblocks = nn.ModuleList(
            Block(width, heads, activation=activation, is_causal=is_causal, drop_path=rate) for rate in rates
        )
        self.recompute = False
        """Gradient checkpointing: keep a block's input alone, and compute the rest anew on the way back."""

    def forward(self, x: Tensor, *, first_only: bool = False) -> Tensor:
        """[B, L, D] of [B, L, D]; with `first_only` [B, 1, D], what becomes of the first token.

        It looks at all others, so only the last block is spared: theirs would not be read there.
        """
        for block in self.resblocks:
            spared = first_only and block is self.resblocks[-1]
            if self.recompute and self.training and torch.is_grad_enabled():
                x = checkpoint(block, x, use_reentrant=False, first_only=spared)
            else:
                x = block(x, first_only=spared)
        return x


class Block(nn.Module):
    """Attention and a two-layer perceptron, each behind its norm and beside a shortcut."""

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
        """The branch without some samples, the others louder for it, so that its mean stays."""
        if not self.training or self.drop_path == 0:
            return branch
        kept = torch.rand(len(branch), 1, 1, device=branch.device) >= self.drop_path
        return branch * kept / (1 - self.drop_path)


class Attention(nn.Module):
    """Every token to every other; of a text, to those before it."""

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
        """[B, 1, D]: what the first token sees; the others are asked for keys and values alone."""
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
        """With a gradient: x sigmoid(s x) is silu(s x) / s, and s goes into the matrices, which are smaller than x.

        That is one pass over the widest tensors in place of three, and one of them less to keep for the way back.
        """
        inner = F.silu(F.linear(x, QUICK * self.c_fc.weight, QUICK * self.c_fc.bias))
        return F.linear(inner, self.c_proj.weight / QUICK, self.c_proj.bias)


def quick_gelu(x: Tensor) -> Tensor:
    """OpenAI's approximation of GELU."""
    return x * torch.sigmoid(QUICK * x)
