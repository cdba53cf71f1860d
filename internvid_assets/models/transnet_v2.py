"""TransNetV2 (Souček and Lokoč, 2020): the probability that a frame is in a shot transition, also in gradual ones.

The module names are those of the published PyTorch weights, which are loaded strictly.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internvid_assets.cells.errors import UserError

HEIGHT, WIDTH = 27, 48
WINDOW_FRAMES, CONTEXT_FRAMES = 100, 25
"""A window has 100 frames; its outer 25 on each side are predicted by other windows, with more context."""
LOOKUP_FRAMES = 101
DILATIONS = (1, 2, 4, 8)


class TransNetV2(nn.Module):
    """Three stacks of dilated convolutions, and the similarity of neighbouring frames in features and colours."""

    def __init__(self, filters: int = 16) -> None:
        super().__init__()
        widths = [4 * filters * 2**i for i in range(3)]
        self.SDDCNN = nn.ModuleList(Stack(c_in, c_out // 4) for c_in, c_out in zip([3, *widths], widths, strict=False))
        self.frame_sim_layer = FrameSimilarity(sum(widths))
        self.color_hist_layer = ColorHistograms()
        self.fc1 = nn.Linear(widths[-1] * (HEIGHT // 8) * (WIDTH // 8) + 2 * 128, 1024)
        self.cls_layer1 = nn.Linear(1024, 1)
        self.cls_layer2 = nn.Linear(1024, 1)

    def forward(self, frames: Tensor) -> Tensor:
        """Logits [B, T] that a frame is the middle of a transition, from uint8 RGB frames [B, T, 27, 48, 3]."""
        x = frames.permute(0, 4, 1, 2, 3).float() / 255  # [B, C, T, H, W]
        levels = []
        for stack in self.SDDCNN:
            x = stack(x)
            levels.append(x)
        x = x.permute(0, 2, 3, 4, 1).flatten(2)  # [B, T, H * W * C]
        x = torch.cat([self.color_hist_layer(frames), self.frame_sim_layer(levels), x], dim=2)
        return self.cls_layer1(F.relu(self.fc1(x))).squeeze(2)


class Stack(nn.Module):
    """Two blocks with a residual connection around the second, then pooling to half the height and width."""

    def __init__(self, channels_in: int, filters: int) -> None:
        super().__init__()
        self.DDCNN = nn.ModuleList([Block(channels_in, filters), Block(4 * filters, filters)])
        self.pool = nn.AvgPool3d((1, 2, 2))

    def forward(self, x: Tensor) -> Tensor:
        first = F.relu(self.DDCNN[0](x))
        return self.pool(F.relu(self.DDCNN[1](first)) + first)


class Block(nn.Module):
    """Four separable convolutions with dilations of 1, 2, 4 and 8 frames."""

    def __init__(self, channels_in: int, filters: int) -> None:
        super().__init__()
        for dilation in DILATIONS:
            self.add_module(f"Conv3D_{dilation}", Separable(channels_in, filters, dilation))
        self.bn = nn.BatchNorm3d(4 * filters, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(torch.cat([self.get_submodule(f"Conv3D_{d}")(x) for d in DILATIONS], dim=1))


class Separable(nn.Module):
    """A convolution in space, then one in time."""

    def __init__(self, channels_in: int, filters: int, dilation: int) -> None:
        super().__init__()
        space = nn.Conv3d(channels_in, 2 * filters, (1, 3, 3), padding=(0, 1, 1), bias=False)
        padding = (dilation, 0, 0)
        time = nn.Conv3d(2 * filters, filters, (3, 1, 1), dilation=(dilation, 1, 1), padding=padding, bias=False)
        self.layers = nn.ModuleList([space, time])

    def forward(self, x: Tensor) -> Tensor:
        return self.layers[1](self.layers[0](x))


class FrameSimilarity(nn.Module):
    """Similarity of the features of each frame to those of its 50 neighbours on either side."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.projection = nn.Linear(channels, 128)
        self.fc = nn.Linear(LOOKUP_FRAMES, 128)

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        means = torch.cat([level.mean(dim=(3, 4)) for level in levels], dim=1).transpose(1, 2)  # [B, T, C]
        return F.relu(self.fc(similarity_to_neighbours(self.projection(means))))


class ColorHistograms(nn.Module):
    """Similarity of the colour histogram (8 levels per channel) of each frame to those of its neighbours."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(LOOKUP_FRAMES, 128)

    def forward(self, frames: Tensor) -> Tensor:
        red, green, blue = (frames.long() >> 5).unbind(-1)  # each [B, T, H, W]
        colours = ((red << 6) + (green << 3) + blue).flatten(2)  # [B, T, H * W], 0 to 511
        counts = torch.zeros(*colours.shape[:2], 512, device=frames.device)
        counts.scatter_add_(2, colours, torch.ones_like(colours, dtype=counts.dtype))
        return F.relu(self.fc(similarity_to_neighbours(counts)))


def similarity_to_neighbours(x: Tensor) -> Tensor:
    """Cosines [B, T, 101] of each frame's vector [B, T, C] with those from 50 before to 50 after it; 0 outside."""
    unit = F.normalize(x, dim=2)
    cosines = F.pad(unit @ unit.transpose(1, 2), [LOOKUP_FRAMES // 2, LOOKUP_FRAMES // 2])  # [B, T, 50 + T + 50]
    frames = torch.arange(x.shape[1], device=x.device)
    columns = frames[:, None] + torch.arange(LOOKUP_FRAMES, device=x.device)  # [T, 101]
    return cosines.gather(2, columns.expand(x.shape[0], -1, -1))


def load_transnet(path: str | Path) -> TransNetV2:
    """The network with published weights: safetensors, or a pickled dict of tensors only."""
    from safetensors.torch import load_file

    path = Path(path).expanduser()
    if not path.is_file():
        raise UserError(f"clips.transnet_weights is {str(path)!r}: expected the path of TransNetV2's PyTorch weights")
    is_safe = path.suffix == ".safetensors"
    weights = load_file(path) if is_safe else torch.load(path, map_location="cpu", weights_only=True)
    model = TransNetV2(filters=len(weights["SDDCNN.0.DDCNN.0.Conv3D_1.layers.1.weight"]))
    model.load_state_dict(weights)
    return model.eval()


@torch.inference_mode()
def transition_probabilities(model: TransNetV2, frames: Tensor) -> Tensor:
    """[T] for uint8 RGB frames [T, 27, 48, 3]: in windows of 100 frames, of which the middle 50 are kept."""
    kept = WINDOW_FRAMES - 2 * CONTEXT_FRAMES
    after = CONTEXT_FRAMES + -len(frames) % kept
    padded = torch.cat([frames[:1].expand(CONTEXT_FRAMES, -1, -1, -1), frames, frames[-1:].expand(after, -1, -1, -1)])
    windows = [padded[start : start + WINDOW_FRAMES] for start in range(0, len(padded) - 2 * CONTEXT_FRAMES, kept)]
    logits = [model(window[None])[0, CONTEXT_FRAMES : CONTEXT_FRAMES + kept] for window in windows]
    return torch.cat(logits)[: len(frames)].sigmoid()
