"""UMT, the Unmasked Teacher (Li et al., 2023): the two encoders of InternVid's similarity score (UMT-SIM, 3.3).

B clips, T frames, N patches per frame, D width of an encoder, E width of the joint space. Tokens are ordered by frame:
L = T * N, patch n of frame t is token t * N + n. The module names are those of the published checkpoints
(`umt_checkpoint` reads them), which are loaded strictly.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BertConfig, BertModel

TRAINED_FRAMES = 4
"""The multi-modal checkpoints were trained on 4 frames; positions for other numbers of frames are interpolated."""


@dataclass(frozen=True)
class UmtSizes:
    """The sizes of the architecture; B/16 and L/16 differ in nothing else."""

    image_pixels: int
    patch_pixels: int
    vision_width: int
    vision_layers: int
    vision_heads: int
    text_width: int
    text_layers: int
    text_heads: int
    text_mlp_width: int
    text_positions: int
    words: int
    joint_width: int


class Umt(nn.Module):
    """A video and a text encoder with projections into one space."""

    def __init__(self, sizes: UmtSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.vision_encoder = VisionEncoder(sizes)
        self.text_encoder = text_encoder(sizes)
        self.vision_proj = nn.Linear(sizes.vision_width, sizes.joint_width)
        self.text_proj = nn.Linear(sizes.text_width, sizes.joint_width)

    def forward(self, frames: Tensor, token_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Cosines [B clips, T frames, B texts]; their mean over the frames is UMT-SIM."""
        return frame_cosines(self.encode_video(frames), self.encode_text(token_ids, attention_mask))

    def encode_video(self, frames: Tensor) -> Tensor:
        """[B, T, E], contextualized vectors of the frames, from normalised frames [B, T, 3, H, W]."""
        _, pooled = self.vision_encoder(frames)
        return self.vision_proj(pooled)

    def encode_text(self, token_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """[B, E] from token ids [B, l]; mask: 1 is a token, 0 is padding."""
        tokens = self.text_encoder(token_ids, attention_mask=attention_mask).last_hidden_state  # [B, l, D]
        return self.text_proj(tokens[:, 0])  # [CLS]


def frame_cosines(videos: Tensor, texts: Tensor) -> Tensor:
    """Cosines [B, T, M] between the frames of videos [B, T, E] and texts [M, E]; callers average them."""
    return F.normalize(videos, dim=-1) @ F.normalize(texts, dim=-1).T


def text_encoder(sizes: UmtSizes) -> BertModel:
    """The lower layers of a BERT: 9 of base's 12, 19 of large's 24. The others attend to the video, for matching."""
    config = BertConfig(
        vocab_size=sizes.words,
        hidden_size=sizes.text_width,
        num_hidden_layers=sizes.text_layers,
        num_attention_heads=sizes.text_heads,
        intermediate_size=sizes.text_mlp_width,
        max_position_embeddings=sizes.text_positions,
    )
    return BertModel(config, add_pooling_layer=False)


class VisionEncoder(nn.Module):
    """A ViT over the patches of all frames, then the mean per frame."""

    def __init__(self, sizes: UmtSizes) -> None:
        super().__init__()
        self.encoder = VideoTransformer(sizes)
        self.pool_norm = nn.LayerNorm(sizes.vision_width, eps=1e-6)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens [B, L, D], and one vector per frame [B, T, D]."""
        tokens = self.encoder(frames)
        return tokens, self.pool_norm(tokens.unflatten(1, (frames.shape[1], -1)).mean(dim=2))


class VideoTransformer(nn.Module):
    """Patches, positions, blocks: the tokens of a clip attend to each other across space and time."""

    def __init__(self, sizes: UmtSizes) -> None:
        super().__init__()
        self.patches_per_frame = (sizes.image_pixels // sizes.patch_pixels) ** 2
        self.patch_embed = PatchEmbedding(sizes)
        self.blocks = nn.ModuleList(Block(sizes.vision_width, sizes.vision_heads) for _ in range(sizes.vision_layers))
        self.norm = nn.LayerNorm(sizes.vision_width, eps=1e-6)

    def forward(self, frames: Tensor) -> Tensor:
        """[B, L, D] from [B, T, 3, H, W]."""
        x = self.patch_embed(frames)
        x = x + position_table(frames.shape[1], self.patches_per_frame, x.shape[-1]).to(x)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class PatchEmbedding(nn.Module):
    """A linear map of each patch. In the checkpoints it is a 3D convolution over one frame."""

    def __init__(self, sizes: UmtSizes) -> None:
        super().__init__()
        self.side = sizes.patch_pixels
        self.proj = nn.Conv3d(3, sizes.vision_width, (1, self.side, self.side))

    def forward(self, frames: Tensor) -> Tensor:
        clips = len(frames)
        x = frames.flatten(0, 1)  # [B * T, 3, H, W]
        x = F.conv2d(x, self.proj.weight[:, :, 0], self.proj.bias, stride=self.side)  # [B * T, D, h, w]
        return x.flatten(2).transpose(1, 2).unflatten(0, (clips, -1)).flatten(1, 2)  # [B, L, D], ordered by frame


class Block(nn.Module):
    """Pre-norm residual block: attention, then a two-layer perceptron."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Perceptron(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Attention(nn.Module):
    """Self-attention. Queries and values have a bias; a bias on keys would cancel in the softmax."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(width))
        self.v_bias = nn.Parameter(torch.zeros(width))
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        bias = torch.cat([self.q_bias, torch.zeros_like(self.q_bias), self.v_bias])
        qkv = F.linear(x, self.qkv.weight, bias).unflatten(-1, (3, self.heads, -1))  # [B, L, 3, heads, d]
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each [B, heads, L, d]
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Perceptron(nn.Module):
    """Two layers with GELU, four times as wide inside."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


def position_table(frames: int, patches: int, width: int, *, trained_frames: int = TRAINED_FRAMES) -> Tensor:
    """Fixed position embeddings [frames * patches, width]; a single frame is an image, with its own table.

    For other numbers of frames, the trained table is interpolated in time for each patch.
    """
    if frames in (1, trained_frames):
        return sinusoids(frames * patches, width)
    trained = sinusoids(trained_frames * patches, width).unflatten(0, (trained_frames, patches))  # [T, N, D]
    stretched = F.interpolate(trained.permute(1, 2, 0), size=frames, mode="linear")  # [N, D, new T]
    return stretched.permute(2, 0, 1).flatten(0, 1)


def sinusoids(positions: int, width: int) -> Tensor:
    """[positions, width]: sine in even columns, cosine in odd ones, of decreasing frequency (Vaswani et al., 2017)."""
    pairs = torch.arange(width, dtype=torch.float64) // 2
    angles = torch.arange(positions, dtype=torch.float64)[:, None] / 10_000 ** (2 * pairs / width)
    return torch.where(torch.arange(width) % 2 == 0, angles.sin(), angles.cos()).float()
