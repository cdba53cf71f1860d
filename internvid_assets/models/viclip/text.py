"""ViCLIP's text encoder: CLIP's, with a shorter context. l tokens per text, D width, E width of the joint space."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from internvid_assets.models.viclip.sizes import ViclipSizes
from internvid_assets.models.viclip.transformer import Transformer


class TextEncoder(nn.Module):
    """Token and position embeddings, causal blocks, and the projection of the end token."""

    def __init__(self, sizes: ViclipSizes) -> None:
        super().__init__()
        width = sizes.text_width
        self.end_token = sizes.end_token
        self.token_embedding = nn.Embedding(sizes.vocabulary, width)
        self.positional_embedding = nn.Parameter(0.01 * torch.randn(sizes.context_tokens, width))
        self.transformer = Transformer(
            width, sizes.text_layers, sizes.text_heads, activation=sizes.text_activation, is_causal=True
        )
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(width**-0.5 * torch.randn(width, sizes.joint_width))

    def forward(self, token_ids: Tensor) -> Tensor:
        """[B, E] from token ids [B, l], l at most the context; no token attends to the padding after the end."""
        x = self.hidden(token_ids)
        end = (token_ids == self.end_token).int().argmax(dim=1)  # the first one
        return x[torch.arange(x.shape[0], device=x.device), end] @ self.text_projection

    def hidden(self, token_ids: Tensor) -> Tensor:
        """[B, l, D], after the last norm."""
        l = token_ids.shape[1]  # noqa: E741
        x = self.token_embedding(token_ids) + self.positional_embedding[:l]
        return self.ln_final(self.transformer(x))
