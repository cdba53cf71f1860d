"""Every command says what it does, with an example that it would accept, and fits a terminal of 80 columns."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from console import run_here

from internvid_assets.cli.reference import commands

COMMANDS = dict(commands())
OF_THE_ISSUE = "demo dev ingest materialize backfill status plan sql search doctor sample-world".split()


def help_of(*path: str, home: Path) -> str:
    done = run_here(*path, "--help", home=home, COLUMNS="80", TERMINAL_WIDTH="80")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    return done.stdout


def test_no_command_is_missing():
    assert {(name,) for name in OF_THE_ISSUE} <= set(COMMANDS)
    assert {("recipes", name) for name in ("list", "show", "bless")} <= set(COMMANDS)


def test_the_program_lists_its_commands(empty):
    told = help_of(home=empty)
    assert [name for name in OF_THE_ISSUE if not re.search(rf"│ {name} ", told)] == []


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_fits_80_columns_and_cuts_no_option(path, empty):
    told = help_of(*path, home=empty)
    assert [line for line in told.splitlines() if len(line) > 80] == []
    options = [name for parameter in COMMANDS[path].params for name in parameter.opts if name.startswith("--")]
    assert [name for name in options if not re.search(rf"{name}\b", told)] == []


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_has_an_example_that_the_command_accepts(path, empty):
    example = " ".join(help_of(*path, home=empty).split("Example: ")[1].split("╭")[0].split())
    words = shlex.split(example)
    assert words[: len(path) + 1] == ["internvid", *path]
    COMMANDS[path].make_context(" ".join(path), words[len(path) + 1 :])  # raises a usage error


def test_recipes_alone_lists_them(empty):
    alone, listed = run_here("recipes", home=empty), run_here("recipes", "list", home=empty)
    assert alone.exit_code == 0 and alone.stdout == listed.stdout != ""
