"""The rules of docs/architecture.md that imports and file sizes can break; each catches a planted violation."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from internvid_assets import definitions

ROOT = Path(__file__).parents[1]
PACKAGE = "internvid_assets"

STAGES = list(definitions.STAGES)
SHARED_PACKAGES = ["cells", "formats", "language", "media", "models", "sample_world", "selects"]
WIRING = ["definitions", "partitions", "cli"]
MAY_IMPORT_DAGSTER = [
    "definitions.py",
    "partitions.py",
    "cli/event_log.py",
    "cli/results.py",
    "cli/runs.py",
    "cli/selection.py",
    "cli/server.py",
    "cli/staleness.py",
    "viclip/train.py",
]
HEAVY = [
    "torch",
    "transformers",
    "lancedb",
    "scenedetect",
    "nltk",
    "lemminflect",
    "httpx",
    "yt_dlp",
    "langcodes",
    "openai",
    "matplotlib",
    "markdown_it",
]
VAGUE_NAMES = ["utils", "util", "helpers", "helper", "common", "misc"]
MAX_LINES, MAX_ASSETS_LINES = 300, 150
LONG_ON_PURPOSE = ["tables.py"]
"""The nouns stand in one file, which everybody reads first, however many there are."""


def modules(root: Path) -> Iterator[tuple[Path, Path]]:
    """(file, file relative to the package) of every module."""
    package = root / PACKAGE
    for path in sorted(package.rglob("*.py")):
        yield path, path.relative_to(package)


def imported(path: Path, root: Path) -> set[str]:
    """Dotted names that a module imports anywhere: inside functions and for type checking too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # One dot is the module's own package, each further one the package around it.
            base = path.relative_to(root).parts[: -node.level] if node.level else ()
            source = ".".join([*base, *([node.module] if node.module else [])])
            names |= {f"{source}.{alias.name}" for alias in node.names}
    return names


def parts_imported(path: Path, root: Path) -> set[str]:
    """First names below the package that a module imports: {'cells', 'clips', 'tables'}."""
    return {name.split(".")[1] for name in imported(path, root) if name.startswith(f"{PACKAGE}.")}


def part_of(relative: Path) -> str:
    return relative.parts[0].removesuffix(".py")


def dagster_outside_wiring(root: Path) -> list[str]:
    """Only the wiring may know the orchestrator: the rest is plain functions that any script can call."""
    found = []
    for path, relative in modules(root):
        allowed = relative.name == "assets.py" or relative.as_posix() in MAY_IMPORT_DAGSTER
        if not allowed and any(name.split(".")[0].startswith("dagster") for name in imported(path, root)):
            found.append(f"{relative} imports dagster")
    return found


def later_stages_imported(root: Path) -> list[str]:
    """A stage imports only earlier stages; what is shared imports no stage. Training scripts are imported by no one."""
    found = []
    for path, relative in modules(root):
        part = part_of(relative)
        if part in WIRING or (part == "sample_world" and relative.name.startswith("train")):
            continue
        earlier = STAGES[: STAGES.index(part) + 1] if part in STAGES else []
        later = parts_imported(path, root) & set(STAGES) - set(earlier)
        found += [f"{relative} imports {stage}, which comes after {part}" for stage in sorted(later)]
    return found


def wiring_imported(root: Path) -> list[str]:
    """Pure modules import no wiring, so that they can be used without it."""
    found = []
    for path, relative in modules(root):
        if part_of(relative) not in WIRING and relative.name != "assets.py":
            found += [f"{relative} imports {part}" for part in sorted(parts_imported(path, root) & set(WIRING))]
    return found


def unknown_folders(root: Path) -> list[str]:
    """A folder is a stage, a shared package or the command line."""
    known = {*STAGES, *SHARED_PACKAGES, "cli"}
    folders = sorted({relative.parts[0] for _, relative in modules(root) if len(relative.parts) > 1} - known)
    return [f"{folder}/ is no stage: {', '.join(sorted(known))}" for folder in folders]


def long_files(root: Path) -> list[str]:
    found = []
    for path, relative in modules(root):
        most = MAX_ASSETS_LINES if relative.name == "assets.py" else MAX_LINES
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > most and str(relative) not in LONG_ON_PURPOSE:
            found.append(f"{relative} has {lines} lines, at most {most}")
    return found


def vague_names(root: Path) -> list[str]:
    """A module that is named after nothing collects everything."""
    parts = ((relative, part.removesuffix(".py")) for _, relative in modules(root) for part in relative.parts)
    return [f"{relative}: name it after what it does" for relative, part in parts if part in VAGUE_NAMES]


RULES = [dagster_outside_wiring, later_stages_imported, wiring_imported, unknown_folders, long_files, vague_names]


@pytest.mark.parametrize("rule", RULES)
def test_the_package_keeps_the_rule(rule: Callable[[Path], list[str]]) -> None:
    assert len(list(modules(ROOT))) > 20
    assert rule(ROOT) == []


PLANTED = [
    (dagster_outside_wiring, "clips/cuts.py", "import dagster as dg"),
    (dagster_outside_wiring, "cells/fill.py", "def run():\n    from dagster._core import instance"),
    (dagster_outside_wiring, "cli/status.py", "import dagster"),
    (dagster_outside_wiring, "scores/umt.py", "import dagster_pipes"),
    (later_stages_imported, "clips/cuts.py", "from internvid_assets.captions.fusion import fuse"),
    (later_stages_imported, "clips/cuts.py", "from internvid_assets import captions"),
    (later_stages_imported, "clips/cuts.py", "from ..captions import fusion"),
    (
        later_stages_imported,
        "clips/assets.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .. import captions",
    ),
    (later_stages_imported, "media/probe.py", "import internvid_assets.videos.eligibility"),
    (later_stages_imported, "settings.py", "from internvid_assets.clips import cuts"),
    (wiring_imported, "clips/cuts.py", "from internvid_assets.partitions import categories"),
    (unknown_folders, "step_03/run.py", "pass"),
    (long_files, "clips/cuts.py", "\n" * 301),
    (long_files, "clips/assets.py", "\n" * 151),
    (vague_names, "clips/utils.py", "pass"),
    (vague_names, "common/paths.py", "pass"),
]


@pytest.mark.parametrize(("rule", "module", "code"), PLANTED)
def test_a_planted_violation_is_found(
    rule: Callable[[Path], list[str]], module: str, code: str, tmp_path: Path
) -> None:
    plant(tmp_path, module, code)
    assert len(rule(tmp_path)) == 1


ALLOWED = [
    ("clips/assets.py", "import dagster as dg\nfrom internvid_assets.partitions import categories"),
    (
        "clips/cuts.py",
        "from internvid_assets.videos.probing import probe\nfrom internvid_assets import tables\nfrom . import motion",
    ),
    ("cli/server.py", "import dagster\nfrom internvid_assets.analytics import warehouse"),
    ("definitions.py", "from internvid_assets.captions import assets"),
    ("clips/assets.py", "\n" * 150),
]


@pytest.mark.parametrize(("module", "code"), ALLOWED)
def test_what_the_rules_allow_passes(module: str, code: str, tmp_path: Path) -> None:
    plant(tmp_path, module, code)
    assert [line for rule in RULES for line in rule(tmp_path)] == []


def plant(root: Path, module: str, code: str) -> None:
    path = root / PACKAGE / module
    path.parent.mkdir(parents=True)
    path.write_text(code, encoding="utf-8")


def heavy_modules_loaded(module: str, root: Path) -> list[str]:
    """Which of HEAVY a fresh interpreter has loaded once it has imported the module."""
    code = f"import sys, {module}\nprint(*[name for name in {HEAVY} if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_definitions_load_no_heavy_module() -> None:
    """The webserver, the daemon, their code servers and every run pay for what loading the definitions imports."""
    assert heavy_modules_loaded(f"{PACKAGE}.definitions", ROOT) == []


def test_a_heavy_import_is_found(tmp_path: Path) -> None:
    (tmp_path / "tagger.py").write_text("import nltk", encoding="utf-8")
    assert heavy_modules_loaded("tagger", tmp_path) == ["nltk"]
