"""What a wheel holds: the package, the SQL, the models, the instance settings; and what it leaves out."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built by the locked hatchling, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def tracked(*folders: str) -> set[str]:
    """Files that git knows in the folders."""
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(listed.stdout.split("\n")) - {""}


def test_every_tracked_file_of_package_and_sql_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    expected = tracked("internvid_assets") | {f"internvid_assets/{path}" for path in tracked("sql")}
    assert expected
    assert expected - set(wheel.namelist()) == set()


def test_nothing_else_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    others = [name for name in wheel.namelist() if not name.startswith("internvid_assets")]
    assert others == []
    assert not [name for name in wheel.namelist() if "__pycache__" in name]


def test_the_instance_settings_are_the_ones_of_the_checkout(wheel: zipfile.ZipFile) -> None:
    assert wheel.read("internvid_assets/dagster.yaml") == (ROOT / "dagster.yaml").read_bytes()


def test_the_command_and_the_licence_are_named(wheel: zipfile.ZipFile) -> None:
    entry_points = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert b"internvid = internvid_assets.cli:main" in wheel.read(entry_points)
    assert [name for name in wheel.namelist() if name.endswith("licenses/LICENSE")]
