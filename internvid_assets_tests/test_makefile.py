"""The first command of a new user: which Python it takes, what it installs, and what a second run does not."""

from __future__ import annotations

import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that make an environment, with an empty lock: a tree that installs in a moment."""
    tree = tmp_path / "a checkout"
    shutil.copytree(ROOT / ".ci", tree / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", tree)
    (tree / "requirements.lock").write_text("", encoding="utf-8")
    (tree / "pyproject.toml").write_text("", encoding="utf-8")
    return tree


def run(checkout: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command in the checkout, with a bare environment: system tools, a home, and the given variables."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(checkout.parent), **variables}
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=120)


def python_of_version(version: str, path: Path) -> None:
    """A Python that says it is of another version."""
    patch = f"import sys; sys.version_info = (*map(int, '{version}'.split('.')), 0, 'final', 0)"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{patch}; $2"\n', encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("versions", "taken"),
    [
        ({"python3": "3.12"}, True),
        ({"python3": "3.14", "python3.13": "3.13"}, True),
        ({"python3": "3.10", "python3.11": "3.11"}, True),
        ({"python3": "3.14"}, False),
        ({"python3": "3.10", "python": "2.7"}, False),
    ],
)
def test_the_first_python_that_fits_is_taken(versions: dict[str, str], taken: bool, checkout: Path) -> None:
    programs = checkout / "programs"
    programs.mkdir()
    (programs / "sh").symlink_to("/bin/sh")
    for name, version in versions.items():
        python_of_version(version, programs / name)
    done = run(checkout, ".ci/python", PATH=str(programs))
    assert (done.returncode == 0) == taken, done.stderr
    if not taken:
        assert "needs Python 3.11, 3.12 or 3.13" in done.stderr and len(done.stderr.splitlines()) == 1
        assert all(f"{name} is {version}" in done.stderr for name, version in versions.items())


def test_a_named_python_is_not_replaced_by_another(checkout: Path) -> None:
    python_of_version("3.14", checkout / "programs" / "python")
    done = run(checkout, ".ci/python", PYTHON="programs/python")
    assert done.returncode == 1 and "programs/python is 3.14" in done.stderr


# Stands in for uv, which Makefile and .ci/uv take from $UV: the real one would fetch gigabytes.
UV = f"""#!/bin/sh
echo "$@" >>uv-calls
case "$*" in
  venv*) {sys.executable} -m venv --without-pip .venv ;;
  *"${{FAILS:-nothing fails}}"*) exit 1 ;;
esac
"""


def make(checkout: Path, **variables: str) -> tuple[int, list[str]]:
    """`make bench` with the stand-in: its exit status, and what uv was asked to do."""
    uv, calls = checkout / "stand-in-uv", checkout / "uv-calls"
    uv.write_text(UV, encoding="utf-8")
    uv.chmod(0o755)
    calls.write_text("", encoding="utf-8")
    (checkout / "benchmarks.py").write_text("print('ran')", encoding="utf-8")
    done = run(checkout, "make", "bench", UV=str(uv), PYTHON=sys.executable, **variables)
    assert (done.returncode == 0) == ("ran" in done.stdout), done.stderr
    verbs = ["venv", "pip sync", "pip install"]
    return done.returncode, [verb for line in calls.read_text().splitlines() for verb in verbs if line.startswith(verb)]


def test_a_second_run_installs_nothing(checkout: Path) -> None:
    assert make(checkout) == (0, ["venv", "pip sync", "pip install"])
    assert make(checkout) == (0, [])


def test_what_changed_is_installed_and_nothing_else(checkout: Path) -> None:
    make(checkout)
    (checkout / "pyproject.toml").write_text("[tool.ruff]", encoding="utf-8")
    assert make(checkout) == (0, ["pip install"])
    (checkout / "requirements.lock").write_text("# changed", encoding="utf-8")
    assert make(checkout) == (0, ["pip sync", "pip install"])
    moved = checkout.rename(checkout.parent / "moved")
    assert make(moved) == (0, ["pip install"])


@pytest.mark.parametrize("step", ["pip sync", "pip install"])
def test_an_interrupted_install_is_taken_up_again(step: str, checkout: Path) -> None:
    status, calls = make(checkout, FAILS=step)
    assert status != 0 and calls[-1] == step
    status, calls = make(checkout)
    assert status == 0 and step in calls


def test_an_environment_whose_python_is_gone_is_made_again(checkout: Path) -> None:
    make(checkout)
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3.11")
    assert make(checkout) == (0, ["venv", "pip sync", "pip install"])


def test_clean_keeps_data(checkout: Path) -> None:
    make(checkout)
    for folder in ("internvid_assets", "internvid_assets_tests", "benchmarks/__pycache__"):
        (checkout / folder).mkdir(parents=True)
    kept = checkout / "data" / "warehouse.duckdb"
    kept.parent.mkdir()
    kept.write_text("", encoding="utf-8")
    assert run(checkout, "make", "clean").returncode == 0
    assert kept.exists()
    assert not [name for name in (".venv", "benchmarks/__pycache__") if (checkout / name).exists()]


LISTING = """global.cert='/etc/ssl/ours.pem'
global.extra-index-url='\\nhttps://one.test/simple\\nhttps://two.test/simple'
global.index-url='https://global.test/simple'
install.index-url='https://install.test/simple'
:env:.find-links='/wheels /more'
:env:.default-timeout='60'
"""


def uv_environment(*arguments: str, **environment: str) -> dict[str, str]:
    """What `.ci/uv ARGUMENTS` adds to the environment, given LISTING."""
    exports = runpy.run_path(str(ROOT / ".ci" / "pip_settings.py"))["exports"]
    lines = exports(LISTING, uv_arguments=list(arguments), environment=environment)
    return dict(shlex.split(line)[1].split("=", 1) for line in lines)


def test_pips_index_settings_reach_uv() -> None:
    assert uv_environment("pip", "sync") == {
        "UV_DEFAULT_INDEX": "https://install.test/simple",
        "UV_INDEX": "https://one.test/simple https://two.test/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_HTTP_TIMEOUT": "60",
        "SSL_CERT_FILE": "/etc/ssl/ours.pem",
    }


def test_a_lock_ignores_extra_indexes() -> None:
    found = uv_environment("pip", "compile", "pyproject.toml")
    assert sorted(found) == ["SSL_CERT_FILE", "UV_DEFAULT_INDEX", "UV_HTTP_TIMEOUT"]


def test_a_setting_made_for_uv_wins() -> None:
    assert "UV_DEFAULT_INDEX" not in uv_environment("pip", "sync", UV_DEFAULT_INDEX="https://uv.test/simple")
