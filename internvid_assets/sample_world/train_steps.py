"""Shared by all training loops here: pixels as tensors, AdamW, and a learning rate with warm-up and decay."""

from __future__ import annotations

import math

import numpy as np
import torch
from transformers.utils.constants import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

MEAN = torch.tensor(OPENAI_CLIP_MEAN).view(1, 3, 1, 1)
DEVIATION = torch.tensor(OPENAI_CLIP_STD).view(1, 3, 1, 1)


def normalised(images: np.ndarray) -> torch.Tensor:
    """Pixels normalised as by the processors of BLIP and CLIP: uint8 [n, h, w, 3] to float32 [n, 3, h, w]."""
    return (torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255 - MEAN) / DEVIATION


def optimizer_of(model: torch.nn.Module, *, learning_rate: float) -> torch.optim.AdamW:
    """AdamW with weight decay only on matrices."""
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.98), fused=True)


class Schedule:
    """Linear warm-up, then half-cosine decay to 0; gradients are clipped to norm 1."""

    def __init__(self, optimizer: torch.optim.Optimizer, *, steps: int, warmup_steps: int) -> None:
        def share(step: int) -> float:
            rest = (step - warmup_steps) / max(1, steps - warmup_steps)
            return (step + 1) / warmup_steps if step < warmup_steps else 0.5 * (1 + math.cos(math.pi * min(1, rest)))

        self.optimizer = optimizer
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, share)

    def step(self, loss: torch.Tensor) -> None:
        loss.backward()
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        self.optimizer.step()
        self.scheduler.step()
        self.optimizer.zero_grad()
