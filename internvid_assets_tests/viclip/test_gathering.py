"""Two processes with half of a batch each learn what one process learns from the whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402

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
    options = ("exact", "divided")
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
