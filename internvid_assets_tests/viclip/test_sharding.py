"""FSDP: shares of the weights, the same gradients; several processes are launched in test_training."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from golden_viclip import GOLDEN_SIZES  # noqa: E402
from torch import distributed  # noqa: E402
from torch.distributed.tensor import DTensor  # noqa: E402

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.viclip.model import Viclip  # noqa: E402
from internvid_assets.viclip import sharding  # noqa: E402
from internvid_assets.viclip.optimizing import parameter_groups  # noqa: E402


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[None]:
    """The only process of a group."""
    store = distributed.FileStore(str(tmp_path / "store"), 1)
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def inputs() -> tuple[torch.Tensor, torch.Tensor]:
    sizes = GOLDEN_SIZES
    torch.manual_seed(0)
    video = torch.randn(2, sizes.frames, 3, sizes.image_pixels, sizes.image_pixels)
    token_ids = torch.randint(1, sizes.vocabulary - 1, (2, sizes.context_tokens))
    token_ids[:, -1] = sizes.end_token
    return video, token_ids


def test_all_but_the_temperature_is_shared_out_and_gradients_are_the_same(alone):
    torch.manual_seed(1)
    plain = Viclip(GOLDEN_SIZES)
    plain.freeze_text()
    shared = sharding.sharded(copy.deepcopy(plain), torch.device("cpu"))
    assert {name for name, one in shared.named_parameters() if not isinstance(one, DTensor)} == {"temp"}
    losses = [model(*inputs()) for model in (plain, shared)]
    for loss in losses:
        loss.backward()
    assert torch.equal(*losses)
    expected = torch.nn.utils.clip_grad_norm_(plain.parameters(), 0.1)
    assert float(expected) > 0.1
    torch.testing.assert_close(sharding.clip_gradients(shared, 0.1), expected)
    theirs = {name: one.grad for name, one in plain.named_parameters() if one.grad is not None}
    ours = {name: one.grad for name, one in shared.named_parameters() if one.grad is not None}
    assert ours.keys() == theirs.keys() and len(ours) > 30
    for name, gradient in ours.items():
        whole = gradient.full_tensor() if isinstance(gradient, DTensor) else gradient
        torch.testing.assert_close(whole, theirs[name], rtol=1e-4, atol=1e-6)


def test_a_group_of_the_optimizer_is_of_one_kind(alone):
    model = sharding.sharded(Viclip(GOLDEN_SIZES), torch.device("cpu"))
    groups = parameter_groups(model, learning_rate=1e-3, weight_decay=0.2)
    split = sharding.groups_of_one_kind(groups)
    kinds = [{isinstance(one, DTensor) for one in group["params"]} for group in split]
    assert len(split) == len(groups) + 1 and all(len(kind) == 1 for kind in kinds)
    assert sum(len(group["params"]) for group in split) == len([*model.parameters()])
    plain = parameter_groups(Viclip(GOLDEN_SIZES), learning_rate=1e-3, weight_decay=0.2)
    assert [len(group["params"]) for group in sharding.groups_of_one_kind(plain)] == [
        len(group["params"]) for group in plain
    ]


def test_what_the_launcher_asks_for_is_taken_once(monkeypatch):
    monkeypatch.setenv(sharding.ASKED, "true")
    assert sharding.taken_from_launcher() and not sharding.taken_from_launcher()


def test_half_floats_are_refused():
    with pytest.raises(UserError, match="precision = 'fp16' with FSDP: expected 'bf16'"):
        sharding.refuse_half_floats("fp16")
    sharding.refuse_half_floats("bf16")
