"""internvid report: one file, from the home or to where it is asked for."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path


def clips_in(page: str) -> list[dict]:
    packed = re.search(r'id="rows">(.*?)</script>', page, flags=re.DOTALL)
    assert packed
    told = json.loads(gzip.decompress(base64.b64decode(packed[1])))
    return [dict(zip(told["columns"], row, strict=True)) for row in told["rows"]]


def test_it_lists_clips_with_all_that_is_known_of_them(internvid, tmp_path: Path):
    path = tmp_path / "report.html"
    done = internvid("report", "--to", path, "--clips", "2")
    assert done.exit_code == 0, done.stderr
    clips = clips_in(path.read_text(encoding="utf-8"))
    known = json.loads(internvid("sql", "from captioned_clips order by category, clip_id", "-f", "json").stdout)
    assert done.stdout == f"{path}: {len(known)} clips, 2 of them with frames\n"
    assert {(clip["clip_id"], clip["caption"]) for clip in clips} == {(k["clip_id"], k["caption"]) for k in known}
    assert sum(clip["frames"] is not None for clip in clips) == 2
    assert any(clip["said"] for clip in clips) and all(clip["source"].startswith("file://") for clip in clips)


def test_fewer_rows_are_the_first_that_are_drawn(internvid, tmp_path: Path):
    path = tmp_path / "report.html"
    assert internvid("report", "--to", path, "--rows", "3", "--clips", "0").exit_code == 0
    query = "select clip_id from captioned_clips order by draw limit 3"
    drawn = {row["clip_id"] for row in json.loads(internvid("sql", query, "-f", "json").stdout)}
    assert {clip["clip_id"] for clip in clips_in(path.read_text(encoding="utf-8"))} == drawn


def test_an_empty_home_has_a_report(internvid, empty: Path):
    done = internvid("report", home=empty)
    assert done.exit_code == 0, done.stderr
    assert clips_in((empty / "report.html").read_text(encoding="utf-8")) == []


def test_a_place_that_cannot_be_written_is_named(internvid, tmp_path: Path):
    done = internvid("report", "--to", tmp_path / "nowhere" / "report.html", "--clips", "0")
    assert done.exit_code == 1 and "report.html cannot be written (No such file or directory)" in done.stderr
