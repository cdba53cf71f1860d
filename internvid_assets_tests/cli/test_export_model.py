"""internvid export-model: both towers of a checkpoint in a folder, or one line that says why not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from console import run_here

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))  # for tiny_models


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    from tiny_models import viclip

    return Path(viclip(tmp_path_factory.mktemp("models") / "step-00000007"))


def test_a_folder_with_both_towers(checkpoint, tmp_path):
    to = tmp_path / "new" / "towers"
    done = run_here("export-model", checkpoint, "--to", to, home=tmp_path / "home")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{to}: preprocessing.json, text.pt2, tokenizer.json, video.pt2\n"
    assert not (tmp_path / "home").exists(), "it is no matter of a home"


@pytest.mark.parametrize(
    ("name", "to", "told"),
    [
        ("absent", "towers", "absent does not exist: expected a checkpoint file, or a folder with model.safetensors"),
        ("config.json", "towers", "cannot read"),
        ("", ".", "exists; choose a new folder"),
        ("", "/proc/none/towers", "--to /proc/none/towers cannot be written"),
    ],
)
def test_a_refusal_is_one_line(checkpoint, tmp_path, name, to, told):
    done = run_here("export-model", checkpoint / name, "--to", tmp_path / to, home=tmp_path / "home")
    (line,) = done.stderr.splitlines()
    assert done.exit_code == 1 and told in line
