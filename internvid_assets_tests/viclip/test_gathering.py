"""Two processes with half of a batch each learn what one process learns from the whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from gathering_process import VERB_IDS  # noqa: E402
from golden_viclip import GOLDEN_SIZES  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from internvid_assets.models.viclip.loss import verb_loss  # noqa: E402
from internvid_assets.models.viclip.model import Viclip  # noqa: E402

SCRIPT = Path(__file__).with_name("gathering_process.py")


@pytest.fixture(scope="module")
def gradients(golden, tmp_path_factory) -> dict[str, list[dict[str, torch.Tensor]]]:
    """By option, what each of two ranks ends up with."""
    folder = tmp_path_factory.mktemp("gathering")
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[2]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, SCRIPT]
    running = [
        subprocess.Popen([*command, str(rank), "2", folder, golden], env=environment, stderr=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    told = [process.communicate(timeout=120)[1] for process in running]
    assert not any(process.returncode for process in running), told
    options = ("exact", "divided", "verbs")
    return {option: [load_file(folder / f"{option}-{rank}.safetensors") for rank in range(2)] for option in options}


def close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4 * float(theirs.abs().max()))


def test_exact_is_the_gradient_of_the_whole_batch(gradients, tensors):
    for rank in gradients["exact"]:
        close(rank.pop("loss"), tensors["out.loss_unique_t070"])
        assert len(rank) > 30
        for name, gradient in rank.items():
            close(gradient, tensors[f"grad.{name}"])


def test_divided_is_what_the_released_code_did(gradients, golden):
    told = load_file(golden / "viclip_tiny_ddp2.safetensors")
    first, second = gradients["divided"]
    torch.testing.assert_close(first.pop("loss"), told.pop("out.loss"), atol=1e-5, rtol=0)
    assert first.keys() == {name.removeprefix("ddp2_grad.") for name in told}
    for name, gradient in first.items():
        close(gradient, told[f"ddp2_grad.{name}"])
        assert torch.equal(gradient, second[name])


def test_two_processes_learn_verbs_as_one_does(gradients, tensors):
    """Clips 0 and 2 do the same, in different processes: the text counts once."""
    model = Viclip(GOLDEN_SIZES)
    model.load_state_dict({k.removeprefix("state."): v for k, v in tensors.items() if k.startswith("state.")})
    model.freeze_text()
    model.temp.data.fill_(0.07)
    loss = model(tensors["in.video_btchw"], tensors["in.token_ids"], VERB_IDS, of_verbs=True)
    loss.backward()
    alone = {name: one.grad for name, one in model.named_parameters() if one.grad is not None}
    for rank in gradients["verbs"]:
        close(rank.pop("loss"), loss.detach())
        assert rank.keys() == alone.keys()
        for name, gradient in rank.items():
            close(gradient, alone[name])


def test_a_verb_is_chosen_among_the_distinct_ones_of_a_batch():
    generator = torch.Generator().manual_seed(0)
    video, phrases = (torch.randn(count, 16, generator=generator) for count in (6, 3))
    chosen = torch.tensor([2, 0, 2, 2, 1, 0])
    cosines = torch.nn.functional.normalize(video, dim=1) @ torch.nn.functional.normalize(phrases, dim=1).T
    by_hand = torch.nn.functional.cross_entropy(cosines / 0.05, chosen)
    torch.testing.assert_close(verb_loss(video, phrases[chosen], 0.05, chosen + 40), by_hand)
