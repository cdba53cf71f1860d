"""Gathering the embeddings of all processes in one batch, with gradients."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed
from torch.autograd import Function

from internvid_assets.viclip_parameters import Encoders


def processes() -> int:
    """Number of processes; 1 without torch.distributed."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def gathered(own: Tensor) -> Tensor:
    """[B, E]: the embeddings [b, E] of all processes, in rank order, with the exact gradient."""
    return own if processes() == 1 else _Gathered.apply(own)  # pyright: ignore[reportReturnType]


def with_gradient_of(encoders: Encoders, embeddings: Tensor) -> Tensor:
    """The embeddings unchanged; in the backward pass, their gradient is divided if `encoders` is `divided`."""
    if encoders == "exact" or processes() == 1:
        return embeddings
    return _Divided.apply(embeddings, processes())  # pyright: ignore[reportReturnType]


def gathered_values(own: Tensor) -> Tensor:
    """[B] from [b] of each process, without gradient."""
    if processes() == 1:
        return own
    parts = [torch.empty_like(own) for _ in range(processes())]
    distributed.all_gather(parts, own.contiguous())
    return torch.cat(parts)


class _Gathered(Function):
    """Forward: all-gather; backward: the sum of all processes' gradients for these rows."""

    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        ctx.rows = len(own)
        return gathered_values(own)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        gradient = gradients[0].contiguous()
        distributed.all_reduce(gradient)
        start = distributed.get_rank() * ctx.rows
        return gradient[start : start + ctx.rows]


class _Divided(Function):
    """Forward: identity; backward: the gradient divided by a number."""

    @staticmethod
    def forward(ctx: Any, embeddings: Tensor, by: int) -> Tensor:
        ctx.by = by
        return embeddings.view_as(embeddings)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0] / ctx.by, None
