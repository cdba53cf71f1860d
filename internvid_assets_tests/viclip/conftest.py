"""The tiny ViCLIP of which the released code computed everything."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from golden_viclip import GOLDEN_SIZES  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from internvid_assets.models.viclip.model import Viclip  # noqa: E402


@pytest.fixture(scope="session")
def tensors(golden: Path) -> dict[str, torch.Tensor]:
    return load_file(golden / "viclip_tiny.safetensors")


@pytest.fixture(scope="session")
def state(tensors) -> dict[str, torch.Tensor]:
    return {name.removeprefix("state."): one for name, one in tensors.items() if name.startswith("state.")}


@pytest.fixture
def viclip(state) -> Viclip:
    model = Viclip(GOLDEN_SIZES)
    model.load_state_dict(state)
    return model.eval()
