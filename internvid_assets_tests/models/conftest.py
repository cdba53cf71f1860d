"""Tensors computed by the papers' own code, where they are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is first imported; see ModelSpec.load
GOLDEN = Path(__file__).resolve().parents[3] / "shared" / "golden"


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of golden tensors; a CI without it fails, a laptop skips."""
    if not GOLDEN.is_dir():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no golden tensors at {GOLDEN}")
    return GOLDEN
