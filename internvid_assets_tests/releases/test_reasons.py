"""The words that explain a change: small manifests that differ in one thing."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from internvid_assets.releases.reasons import SAME_RECIPES, changed_values, reasons
from internvid_assets.releases.shelf import Release

UPSTREAM = {
    "fused_captions": ["center_captions", "frame_captions"],
    "umt_scores": ["fused_captions"],
    "subset": ["captioned_clips"],
    "captioned_clips": ["fused_captions", "umt_scores"],
}


def recipe(asset: str, tokens: int) -> str:
    return json.dumps({"asset": asset, "parameters": {"max_new_tokens": tokens}, "version": "1"})


def told() -> dict[str, Any]:
    captions = ("center_captions", "frame_captions", "fused_captions", "umt_scores", "aesthetic_scores")
    return {
        "made_of": {
            "tables": {table: {"sports": {"recipe": f"{table}@40"}} for table in captions},
            "subsets": {"subset": {"sql": "a", "parameters": {"size": 10}}},
        },
        "recipes": {f"{table}@{tokens}": recipe(table, tokens) for table in captions for tokens in (40, 50)},
        "upstream": UPSTREAM,
    }


def changed(*path: str, to: Any) -> dict[str, Any]:
    """A manifest with another value at a path."""
    copy = deepcopy(told())
    place = copy
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = to
    return copy


def why(new: dict[str, Any]) -> Any:
    return reasons(Release(Path("old"), told()), Release(Path("new"), new), "subset")["sports"]


@pytest.mark.parametrize("table", ["fused_captions", "center_captions", "frame_captions"])
def test_a_recipe_explains_captions_and_what_is_made_of_them(table: str):
    new = changed("made_of", "tables", table, "sports", "recipe", to=f"{table}@50")
    expected = f"{table}: parameters.max_new_tokens 40 -> 50"
    assert (why(new).caption, why(new).umt_score, why(new).choice) == (expected, expected, expected)
    assert why(new).aesthetic_score == SAME_RECIPES


def test_a_recipe_without_a_known_text_is_told_by_its_hash():
    new = changed("made_of", "tables", "umt_scores", "sports", "recipe", to="elsewhere")
    assert why(new).umt_score == "umt_scores: recipe umt_scores@40 -> elsewhere"
    assert why(new).caption == SAME_RECIPES


@pytest.mark.parametrize(
    ("path", "value", "choice"),
    [
        (("subset", "parameters"), {"size": 5}, "size 10 -> 5"),
        (("subset", "sql"), "b", "its SQL changed"),
        (("subset", "rows"), 3, "its upstream tables have other rows"),
        (("other",), {}, "its upstream tables have other rows"),
    ],
)
def test_what_chose_explains_the_choice(path: tuple[str, ...], value: Any, choice: str):
    assert why(changed("made_of", "subsets", *path, to=value)).choice == choice


def test_a_subset_that_only_one_of_them_has():
    new = changed("made_of", "subsets", to={})
    assert why(new).choice == "the subset was removed"
    back = reasons(Release(Path("new"), new), Release(Path("old"), told()), "subset")
    assert back["sports"].choice == "the subset is new"


def test_long_values_are_cut_and_missing_ones_are_null():
    (line,) = changed_values({"prompt": "a" * 100}, {})
    assert line == f'prompt "{"a" * 38}… -> null'


def test_more_than_three_differences_are_counted():
    new = told()
    for table in ("fused_captions", "center_captions", "frame_captions", "umt_scores"):
        new["made_of"]["tables"][table]["sports"]["recipe"] = f"{table}@50"
    assert why(new).umt_score.endswith("; and 1 more")
