"""One of several processes with a share of a batch: its gradients, as DDP averages them, into files, one per option."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import torch
from safetensors.torch import load_file, save_file
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

sys.path.insert(0, str(Path(__file__).parent))
from golden_viclip import GOLDEN_SIZES

from internvid_assets.models.viclip.model import Viclip
from internvid_assets.viclip_parameters import Encoders

VERB_IDS = torch.tensor([7, 8, 7, 9])
"""Which of the four clips do the same: one of each process."""


def main(rank: int, processes: int, folder: Path, golden: Path) -> None:
    torch.set_num_threads(1)
    store = distributed.FileStore(str(folder / "store"), processes)
    distributed.init_process_group("gloo", store=store, rank=rank, world_size=processes)
    tensors = load_file(golden / "viclip_tiny.safetensors")
    share = 4 // processes
    own = slice(rank * share, (rank + 1) * share)
    inputs = [tensors[name][own] for name in ("in.video_btchw", "in.token_ids", "in.idx_unique")]
    for encoders in get_args(Encoders):
        save_file(backward(tensors, inputs, encoders), folder / f"{encoders}-{rank}.safetensors")
    inputs[2] = VERB_IDS[own]
    save_file(backward(tensors, inputs, "exact", of_verbs=True), folder / f"verbs-{rank}.safetensors")
    distributed.destroy_process_group()


def backward(tensors: dict, inputs: list, encoders: Encoders, **told: bool) -> dict[str, torch.Tensor]:
    model = Viclip(GOLDEN_SIZES)
    model.load_state_dict({k.removeprefix("state."): v for k, v in tensors.items() if k.startswith("state.")})
    model.freeze_text()
    with torch.no_grad():
        model.temp.fill_(0.07)
    parallel = DistributedDataParallel(model)  # it averages for as long as somebody holds it
    loss = parallel(*inputs, encoders=encoders, **told)
    loss.backward()
    mean = loss.detach().clone()
    distributed.all_reduce(mean)
    gradients = {name: one.grad for name, one in model.named_parameters() if one.grad is not None}
    return {**gradients, "loss": mean / distributed.get_world_size()}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
