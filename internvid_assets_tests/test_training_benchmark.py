"""The benchmark of training: the released computation gives our losses, and its operations are counted right."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from tiniest import TINIEST  # noqa: E402
from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from benchmarks import training, training_on_gpu  # noqa: E402
from benchmarks.training_flops import block_flops, peak_per_second, step_flops  # noqa: E402
from internvid_assets.models.viclip.sizes import named_sizes  # noqa: E402

SIZES = TINIEST


def test_the_released_arithmetic_gives_our_loss_and_gradients():
    inputs = training.inputs_of(SIZES, 4)
    models = training.ours_and_official(SIZES)
    losses = [model(*inputs, mask=0.0) for model in models]
    for loss in losses:
        loss.backward()
    torch.testing.assert_close(*losses)
    ours, theirs = ({n: p.grad for n, p in model.named_parameters() if p.grad is not None} for model in models)
    assert ours.keys() == theirs.keys()
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, theirs[name], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("mask", [0.0, 0.75])
def test_operations_of_a_step_are_those_that_torch_counts(mask):
    batch = 3
    inputs, (ours, _) = training.inputs_of(SIZES, batch), training.ours_and_official(SIZES)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        ours(*inputs, mask=mask).backward()
    of_loss = 2 * 3 * 2 * batch**2 * SIZES.joint_width - 2 * 2 * batch**2 * SIZES.joint_width  # texts want no gradient
    assert counter.get_total_flops() - of_loss == pytest.approx(batch * step_flops(SIZES, mask), rel=0.01)


def test_operations_of_the_released_sizes():
    """L/14 of 8 x 224 is about 3 x 1.9 TFLOP a clip; nine in ten patches less is more than ten times less."""
    assert block_flops(1, 2) == 24 * 4 + 4 * 2
    whole, masked = (step_flops(named_sizes("l14"), mask) for mask in (0.0, 0.9))
    assert 4e12 < whole < 6e12 and 10 < whole / masked < 13


def test_peaks_are_found_by_a_devices_name():
    assert peak_per_second("NVIDIA H200") == peak_per_second("NVIDIA H100 80GB HBM3") == 989e12
    assert peak_per_second("NVIDIA H100 PCIe") == 756e12 and peak_per_second("Abacus") is None
    assert (peak_per_second("NVIDIA L4"), peak_per_second("NVIDIA L40S")) == (121e12, 362e12)


def test_the_loader_hands_over_every_clip(tmp_path: Path):
    folder = training.stored(tmp_path, 32)
    assert training.loaded(folder, 32, cache_bytes=0)() == 32


def test_the_largest_batch_is_found_to_within_an_eighth(monkeypatch):
    for most in (1, 5, 100, 1000):
        monkeypatch.setattr(training_on_gpu, "_fits", lambda sizes, mask, who, batch, most=most: batch <= most)
        assert most * 7 / 8 - 1 <= training_on_gpu.largest_batch(SIZES, 0.0, 0) <= most
