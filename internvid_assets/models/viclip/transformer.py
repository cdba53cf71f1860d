"""The transformer that both of CLIP's encoders are, in shapes [B, L, D]: batch, tokens, width.

Module names are those of OpenAI's CLIP, and so of ViCLIP's checkpoints.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from internvid_assets.viclip_parameters import Activation


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

    def forward(self, x: Tensor) -> Tensor:
        for block in self.resblocks:
            if self.recompute and self.training and torch.is_grad_enabled():
                x = checkpoint(block, x, use_reentrant=False)
            else:
                x = block(x)
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

    def forward(self, x: Tensor) -> Tensor:
        x = x + self._dropped(self.attn(self.ln_1(x)))
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

    def forward(self, x: Tensor) -> Tensor:
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias)  # [B, L, 3 D]
        q, k, v = qkv.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # each [B, heads, L, d]
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=self.is_causal)  # [B, heads, L, d]
        return self.out_proj(attended.transpose(1, 2).flatten(2))


class Perceptron(nn.Module):
    """Two layers, four times as wide inside."""

    def __init__(self, width: int, activation: Activation) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.activation = quick_gelu if activation == "quick_gelu" else F.gelu
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(self.activation(self.c_fc(x)))


def quick_gelu(x: Tensor) -> Tensor:
    """OpenAI's approximation of GELU."""
    return x * torch.sigmoid(1.702 * x)
