"""internvid export-clips: files with a JSON beside each, made in worker processes; one that fails is a line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from console import run_here

pytestmark = pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")


def test_clips_are_written_once_each_with_its_json(internvid, tmp_path: Path):
    to = tmp_path / "clips"
    done = internvid("export-clips", "internvid_10m_div", "--to", to, "--limit", 3)
    assert (done.exit_code, done.stdout) == (0, f"{to}: 3 clips of internvid_10m_div\n"), done.stderr
    told = [json.loads(path.read_text()) for path in sorted(to.glob("*.json"))]
    assert len(told) == 3
    assert all((to / each["file"]).stat().st_size > 1000 and each["how"] == "encode" for each in told)
    assert all(each["caption"] and each["earlier_seconds"] == 0 for each in told)

    written = {path: path.stat().st_mtime_ns for path in to.iterdir()}
    assert internvid("export-clips", "internvid_10m_div", "--to", to, "--limit", 3).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in to.iterdir()} == written


def test_a_clip_that_cannot_be_made_is_told_and_the_others_are_there(internvid, tmp_path: Path):
    """Limits of the settings count here too: nothing of a stranger's file is decoded beyond them."""
    to = tmp_path / "clips"
    arguments = ("export-clips", "internvid_10m_div", "--to", to, "--limit", 2)
    refused = internvid(*arguments, INTERNVID_VIDEOS__MAX_PIXELS="1000")
    assert refused.exit_code == 1
    assert refused.stderr.count("too_many_pixels") == 2
    assert os.listdir(to) == []
    assert internvid(*arguments).exit_code == 0


def test_a_table_without_clips_is_refused(internvid, tmp_path: Path):
    refused = internvid("export-clips", "subset_sizes", "--to", tmp_path)
    assert refused.exit_code == 1
    assert "expected a table with clip_id and category" in refused.stderr


def test_an_empty_home_has_no_clips(tmp_path: Path):
    done = run_here("export-clips", "clips", "--to", tmp_path / "clips", home=tmp_path / "home")
    assert (done.exit_code, done.stdout) == (0, f"{tmp_path / 'clips'}: 0 clips of clips\n"), done.stderr
