"""AdamW's parameter groups, and the learning rate of each step."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

UNDECAYED = re.compile(
    r"\.bias$|(^|\.)(temp|class_embedding|(temporal_)?positional_embedding|token_embedding\.weight)$"
)


def parameter_groups(
    model: nn.Module, *, learning_rate: float, weight_decay: float, layer_decay: float = 1.0
) -> list[dict[str, Any]]:
    """The trainable parameters as groups for AdamW: no weight decay for vectors, biases and embedding tables.

    With a `layer_decay` below 1, the learning rate of each layer is that factor times the one above it (Clark et al.,
    2020); `lr_share` is the resulting factor. Empty groups are omitted.
    """
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in _learning(model):
        decay = 0.0 if parameter.ndim <= 1 or UNDECAYED.search(name) else weight_decay
        share = layer_decay ** _layers_above(name, model) if layer_decay < 1 else 1.0
        groups.setdefault((decay, share), []).append(parameter)
    return [
        {"params": parameters, "lr": learning_rate * share, "lr_share": share, "weight_decay": decay}
        for (decay, share), parameters in groups.items()
    ]


def _learning(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    return ((name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad)


def _layers_above(name: str, model: nn.Module) -> int:
    """0 for parameters after the blocks, 1 for the last block, 2 for the one below, …; embeddings are the lowest."""
    encoder = name.partition(".")[0]
    blocks = len(getattr(model, encoder).transformer.resblocks) if hasattr(model, encoder) and "." in name else 0
    if match := re.search(r"\.resblocks\.(\d+)\.", name):
        return blocks - int(match[1])
    return blocks + 1 if re.search(r"\.(conv1|ln_pre|\w*_?embedding)\b", name) else 0


def learning_rate_share(step: int, *, steps: int, warmup_steps: int, lowest: float = 0.01) -> float:
    """The factor on the base learning rate at `step`, from 0: linear warmup, then half a cosine, at least `lowest`.

    As in the released code, the minimum also applies during warmup.
    """
    if step < warmup_steps:
        return max(lowest, step / max(1, warmup_steps))
    progress = (step - warmup_steps) / max(1, steps - warmup_steps)
    return max(lowest, 0.5 * (1 + math.cos(math.pi * progress)))
