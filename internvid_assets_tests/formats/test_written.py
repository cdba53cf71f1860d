"""What is written for others appears whole, under one writer."""

from __future__ import annotations

from pathlib import Path

import pytest

from internvid_assets.cells.errors import UserError
from internvid_assets.formats.catalogue import FORMATS, write
from internvid_assets.formats.written import aside


def test_two_writers_of_one_place_are_told_apart(tmp_path: Path):
    path = tmp_path / "flt.jsonl"
    with aside(path) as unfinished:
        unfinished.write_text("ours")
        with pytest.raises(UserError, match=r"flt\.jsonl is being written by another process; wait"), aside(path):
            pass
        assert unfinished.read_text() == "ours"
    assert path.read_text() == "ours"
    assert [file.name for file in tmp_path.iterdir()] == ["flt.jsonl"]


def test_what_a_killed_writer_left_is_no_obstacle(tmp_path: Path):
    path = tmp_path / "shards"
    (tmp_path / ".unfinished-shards").mkdir()
    (tmp_path / ".unfinished-shards/half.tar").touch()
    (tmp_path / ".unfinished-shards.lock").touch()
    with aside(path) as unfinished:
        unfinished.mkdir()
        (unfinished / "whole.tar").touch()
    assert [file.name for file in path.iterdir()] == ["whole.tar"]
    assert [file.name for file in tmp_path.iterdir()] == ["shards"]


def test_a_lance_dataset_of_another_name_is_refused_by_the_name_that_was_given(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^mine: expected a name that ends in \.lance"):
        write([], tmp_path / "mine", FORMATS["lance"])
