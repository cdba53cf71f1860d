"""Recipes, and the hash of the code behind them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from internvid_assets.cells.recipes import Blessed, Recipe, _significant_tokens, code_hash, read_lock, write_lock


def test_a_recipe_hash_never_changes():
    recipe = Recipe("fused_captions", "1", {"count": 16}, (("flan", "abc"),), "Fuse {captions}")
    assert recipe.hash == "42a1c1ccc91b"


@pytest.mark.parametrize(
    "other",
    [
        Recipe("b", "1", {"x": 1}, (("m", "r"),), "p"),
        Recipe("a", "2", {"x": 1}, (("m", "r"),), "p"),
        Recipe("a", "1", {"x": 2}, (("m", "r"),), "p"),
        Recipe("a", "1", {"x": 1}, (("m", "s"),), "p"),
        Recipe("a", "1", {"x": 1}, (("m", "r"),), "q"),
    ],
    ids=["asset", "version", "parameter", "weights", "prompt"],
)
def test_everything_in_a_recipe_counts(other):
    assert Recipe("a", "1", {"x": 1}, (("m", "r"),), "p").hash != other.hash


def test_the_order_of_parameters_does_not_count():
    assert Recipe("a", "1", {"x": 1, "y": 2}).hash == Recipe("a", "1", {"y": 2, "x": 1}).hash


CODE = '''
"""A module docstring."""
def f(x: int) -> str:
    """Says it."""
    # why
    return f"{x!r:>{x}} and {'nested'}"
'''
SAME = """


def f(x: int) -> str:

    "Says it in other words."
    return f"{x!r:>{x}} and {'nested'}"   # another comment
"""


def test_comments_docstrings_and_layout_are_not_code():
    assert _significant_tokens(CODE) == _significant_tokens(SAME)


@pytest.mark.parametrize("change", [("!r", "!s"), ("x: int", "y: int"), ("'nested'", "'other'"), ("return", "print")])
def test_anything_else_is_code(change):
    assert _significant_tokens(CODE) != _significant_tokens(CODE.replace(*change))


def test_moving_a_line_into_a_block_is_a_change():
    assert _significant_tokens("if a:\n    b\nc\n") != _significant_tokens("if a:\n    b\n    c\n")


def test_a_module_that_does_not_exist_is_named(tmp_path: Path):
    with pytest.raises(ValueError, match=r"the module internvid_assets\.nothing as its code"):
        code_hash(["internvid_assets.nothing"])


def test_the_code_hash_is_the_same_on_every_supported_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "sample_of_code.py").write_text(CODE)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert code_hash(["sample_of_code"]) == "af676ed848275de9"


def test_the_lock_is_read_as_it_was_written(tmp_path: Path):
    lock = {"b": Blessed("1", "ff"), "a": Blessed("2", "00")}
    write_lock(lock, tmp_path / "lock")
    assert read_lock(tmp_path / "lock") == lock
    assert [line.split('"')[1] for line in (tmp_path / "lock").read_text().splitlines()[1:-1]] == ["a", "b"]
    assert read_lock(tmp_path / "none") == {}
