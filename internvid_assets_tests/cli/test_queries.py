"""The stage queries from the command line: on a fresh home, and with lists of one's own."""

from __future__ import annotations

import json
from pathlib import Path

from console import run_here

SETTINGS = """
[queries]
starter = false
label_files = ["lists/labels.csv"]
caption_files = ["lists/captions.txt"]
languages = ["en", "de"]

[known_videos]
files = [
  { path = "lists/train.csv", dataset = "kinetics_700" },
  { path = "lists/test.txt", dataset = "msr_vtt", purpose = "benchmark" },
]
"""
LISTS = {
    "labels.csv": "label,language,english\nridingBikes,en,\nRad fahren,de,ride a bike\n",
    "captions.txt": "a man is riding a bike\na woman is cutting vegetables in a kitchen\n\na red ball moves left\n",
    "test.txt": "bbbbbbbbbbb\n",
}


def asked(home: Path, query: str) -> list[dict]:
    done = run_here("sql", query, "--format", "json", home=home)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def materialized(home: Path, *arguments: str) -> None:
    done = run_here("materialize", *arguments, home=home)
    assert done.exit_code == 0, done.stderr


def test_a_fresh_home_has_the_starter_list(empty: Path) -> None:
    materialized(empty, "key:action_queries")
    (row,) = asked(empty, "select count(*) as queries, count(rejection_reason) as rejected from action_queries")
    assert row["queries"] >= 300 and row["rejected"] == 0


def with_lists(home: Path, *, known: str) -> None:
    (home / "lists").mkdir(parents=True)
    (home / "internvid.toml").write_text(SETTINGS)
    for name, text in {**LISTS, "train.csv": f"youtube_id,label\n{known},x\n,y\n"}.items():
        (home / "lists" / name).write_text(text)


def test_lists_of_ones_own(empty: Path) -> None:
    with_lists(empty, known="aaaaaaaaaaa")
    done = run_here("materialize", "group:queries", home=empty)
    assert done.exit_code == 1  # the only thing that cannot be done says why, and the rest is done
    assert "set models.translator.name" in done.stderr.splitlines()[-1]
    rows = asked(empty, "select query, language, kind, sources, missing_languages from action_queries order by all")
    assert [tuple(row.values()) for row in rows] == [
        ("cut vegetables", "en", "phrase", ["lists/captions.txt"], ["de"]),
        ("rad fahren", "de", "label", ["lists/labels.csv"], []),
        ("riding bikes", "en", "label", ["lists/labels.csv", "lists/captions.txt"], []),
    ]
    known = asked(empty, "select dataset, purpose, video_id, rejection_reason from known_videos order by all")
    assert [tuple(row.values()) for row in known] == [
        ("kinetics_700", "exclude", ",y", "no_id"),
        ("kinetics_700", "exclude", "aaaaaaaaaaa", None),
        ("msr_vtt", "benchmark", "bbbbbbbbbbb", None),
    ]
    plan = json.loads(run_here("plan", "group:queries", "--format", "json", home=empty).stdout)
    assert {row["asset"]: (row["rows_to_compute"], row["rows_reused"]) for row in plan} == {
        "caption_phrases": (0, 3),
        "query_translations": (1, 0),
    }


def test_a_known_video_is_rejected_before_the_categories_are_read(world: Path, empty: Path) -> None:
    """One run for what has no category, then the categories, which read it; letting it in again measures nothing."""
    run_here("ingest", world / "sports", "-c", "sports", home=empty)
    materialized(empty, "+key:videos")
    taken = asked(empty, "select video_id from videos where rejection_reason is null order by all")
    with_lists(empty, known=taken[0]["video_id"])
    materialized(empty, "+key:videos", "--set", 'queries.languages=["en"]')
    reason = f"select rejection_reason, known_dataset from videos where video_id = '{taken[0]['video_id']}'"
    assert asked(empty, reason) == [{"rejection_reason": "known_dataset", "known_dataset": "kinetics_700"}]
    materialized(empty, "key:videos", "--set", "videos.exclude_known=false")
    assert asked(empty, reason) == [{"rejection_reason": None, "known_dataset": "kinetics_700"}]
    assert len(list((empty / "cells/videos").rglob("*.parquet"))) == 1


def test_a_missing_file_is_told_on_one_line(empty: Path) -> None:
    empty.mkdir(parents=True, exist_ok=True)
    (empty / "internvid.toml").write_text('[queries]\nlabel_files = ["absent.csv"]\n')
    for command in (["materialize", "key:action_queries"], ["plan", "key:action_queries"]):
        done = run_here(*command, home=empty)
        *begun, line = done.stderr.splitlines()
        assert done.exit_code == 1 and begun in ([], ["without categories: action_queries"])
        assert "absent.csv does not exist: expected the file named in the settings" in line
