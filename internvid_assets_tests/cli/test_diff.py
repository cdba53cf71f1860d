"""internvid releases and internvid diff, as people and programs read them."""

from __future__ import annotations

import json

from console import run_here

from internvid_assets.releases.shelf import releases_of


def test_releases_are_listed_with_the_clips_of_each_subset(internvid, finished):
    (release,) = releases_of(finished)
    (line,) = json.loads(internvid("releases", "--format", "json").stdout)
    assert (line["release"], line["profile"], line["videos"]) == (release.id, "sample", 6)
    (counted,) = json.loads(internvid("sql", "select count(*) as n from internvid_10m", "--format", "json").stdout)
    assert line["internvid_10m"] == counted["n"] > 0


def test_no_release_is_no_failure(empty):
    done = run_here("releases", home=empty)
    assert (done.exit_code, done.stderr) == (0, "")


def test_verify_names_a_file_that_somebody_changed(home):
    assert run_here("releases", "--verify", home=home).exit_code == 0
    (release,) = releases_of(home)
    rows = release.rows_of("internvid_10m")
    rows.chmod(0o644)
    rows.write_bytes(rows.read_bytes()[:-1])
    done = run_here("releases", "--verify", home=home)
    (line,) = done.stderr.splitlines()
    assert done.exit_code == 1 and line.startswith(f"internvid: {rows} was changed")


def test_what_changed_is_printed_and_written(home, tmp_path):
    few = home / "internvid.toml"
    few.write_text("[subsets.internvid_10m]\nsize = 3\n")
    made = run_here("materialize", "key:internvid_10m or key:release", home=home)
    assert made.exit_code == 0, made.stderr
    old, new = (release.id for release in releases_of(home))
    rows = tmp_path / "rows.csv"
    done = run_here("diff", old[:6], "latest", "--subset", "internvid_10m", "--rows", rows, "-f", "json", home=home)
    (line,) = json.loads(done.stdout)
    assert (line["change"], line["why"]) == ("removed", "no longer chosen: size 10000000 -> 3")
    assert len(rows.read_text().splitlines()) == 1 + line["clips"]
    assert old in done.stderr and new in done.stderr


def test_a_diff_of_what_is_not_there_is_refused(internvid):
    for arguments, told in (
        (["diff"], "no previous release: there are 1"),
        (["diff", "latest", "nothing"], "0 releases begin with 'nothing'"),
        (["diff", "latest", "latest", "--subset", "internvid_9m"], "has a subset internvid_9m; there: internvid_10m, "),
    ):
        done = internvid(*arguments)
        (line,) = done.stderr.splitlines()
        assert done.exit_code == 1 and told in line
