"""Weights, gradients and AdamW's state sharded over the processes (FSDP, Zhao et al., 2023).

With torch's own `fully_shard`, which runs on gloo and NCCL: accelerate does not shard without a GPU. Enabled by
`accelerate launch --use_fsdp`, whose options on offloading and on resharding after the forward pass are respected.
The units are blocks; parameters stay float32 and products are cast as without it, so that the losses are those of DDP.
"""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor, distributed, nn

from internvid_assets.cells.errors import UserError
from internvid_assets.models.viclip.model import Viclip
from internvid_assets.models.viclip.transformer import Block

ASKED, OFFLOAD, RESHARD = "ACCELERATE_USE_FSDP", "FSDP_OFFLOAD_PARAMS", "FSDP_RESHARD_AFTER_FORWARD"


def taken_from_launcher() -> bool:
    """Whether the launcher requested FSDP; the variable is removed, since accelerate's own FSDP needs a GPU."""
    return os.environ.pop(ASKED, "false").lower() == "true"


def sharded(model: Viclip, device: torch.device) -> Viclip:
    """The same model, sharded by block; all parameters outside blocks form one unit.

    The temperature is a scalar, which cannot be sharded: every process has it, and the mean of its gradients.
    """
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import CPUOffloadPolicy, OffloadPolicy, fully_shard

    model.to(device)
    offload = CPUOffloadPolicy() if _said(OFFLOAD, "false") and device.type != "cpu" else OffloadPolicy()
    mesh = init_device_mesh(device.type, (distributed.get_world_size(),))
    options: dict[str, Any] = {"mesh": mesh, "offload_policy": offload}
    for block in [module for module in model.modules() if isinstance(module, Block)]:
        fully_shard(block, **options, reshard_after_forward=_said(RESHARD, "true"))
    fully_shard(model, **options, ignored_params={model.temp})
    model.temp.register_post_accumulate_grad_hook(_mean_over_processes)
    return model


def _said(option: str, default: str) -> bool:
    """An option in accelerate's values, those of FSDP2 or of FSDP1."""
    return os.environ.get(option, default).lower() in ("true", "1", "full_shard")


def _mean_over_processes(parameter: Tensor) -> None:
    if parameter.grad is not None:
        distributed.all_reduce(parameter.grad)
        parameter.grad /= distributed.get_world_size()


def groups_of_one_kind(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Groups with both sharded and unsharded parameters split in two: AdamW cannot step them together."""
    found = []
    for group in groups:
        for is_shared in (True, False):
            own = [parameter for parameter in group["params"] if _is_shared(parameter) == is_shared]
            found += [{**group, "params": own}] if own else []
    return found


def clip_gradients(model: nn.Module, limit: float) -> Tensor:
    """Scale all gradients so that their norm, over all shards, is at most `limit`; returns the norm before."""
    gradients: list[Any] = [one.grad for one in model.parameters() if one.grad is not None]
    norms = [gradient.norm() for gradient in gradients]
    whole = torch.stack([norm.full_tensor() if _is_shared(norm) else norm for norm in norms]).norm()
    for gradient in gradients:
        gradient.mul_(min(1.0, limit / (float(whole) + 1e-6)))
    return whole


def _is_shared(tensor: Any) -> bool:
    from torch.distributed.tensor import DTensor

    return isinstance(tensor, DTensor)


def refuse_half_floats(precision: str) -> None:
    """Loss scaling for fp16 would have to synchronize overflows of all shards; bf16 needs no scaling."""
    if precision == "fp16":
        raise UserError("precision = 'fp16' with FSDP: expected 'bf16', which needs no loss scaling, or 'no'")
