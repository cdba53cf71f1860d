"""internvid backfill: what it leaves out is said, with the command that makes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from internvid_assets.cli.selection import Selected, select
from internvid_assets.cli.server import left_out
from internvid_assets.definitions import build_defs


@pytest.fixture(scope="module")
def chosen() -> Callable[[str], Selected]:
    defs = build_defs()
    return lambda selection: select(defs, selection)


@pytest.mark.parametrize("selection", ["group:captions", "key:clips", "key:videos or key:clip_frames"])
def test_where_everything_is_partitioned_by_category_there_is_nothing_to_say(chosen, selection: str) -> None:
    assert chosen(selection).by_category and left_out(chosen(selection), selection) is None


def test_the_default_leaves_out_what_is_over_all_categories(chosen) -> None:
    everything = chosen("*")
    count = len(everything.all()) - len(everything.by_category)
    line = left_out(everything, "*")
    assert count > 20 and line and "\n" not in line
    assert f": {count} assets; to make them: internvid materialize '*'" in line


def test_few_are_named(chosen) -> None:
    selection = "key:clips or key:clip_index or key:coverage or key:internvid_icl"
    line = left_out(chosen(selection), selection)
    assert line and ": clip_index, coverage, internvid_icl;" in line
    assert line.endswith(f"internvid materialize '{selection}'")
