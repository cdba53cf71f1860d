"""internvid search: the clips nearest to a text."""

from __future__ import annotations

import json

import pytest


def found(internvid, *arguments):
    done = internvid("search", *arguments, "--format", "json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def caption(internvid):
    query = "select caption from fused_captions join clips using (clip_id) where clips.category = 'music' limit 1"
    return json.loads(internvid("sql", query, "-f", "json").stdout)[0]["caption"]


def test_the_nearest_come_first_with_where_they_are(internvid, caption):
    rows = found(internvid, caption, "-k", "3")
    assert len(rows) == 3
    similarities = [row["similarity"] for row in rows]
    assert similarities == sorted(similarities, reverse=True) and similarities[0] <= 1
    assert all(row["source_uri"].startswith("file://") and row["end_seconds"] > row["start_seconds"] for row in rows)
    shapes = {word for word in caption.split() if word not in ("a", "the", "on", "background")}
    assert shapes & set(rows[0]["caption"].split())


def test_a_category_only(internvid, caption):
    assert {row["category"] for row in found(internvid, caption, "-k", "50", "-c", "music")} == {"music"}
    assert {row["category"] for row in found(internvid, caption, "-k", "50")} == {"music", "sports"}


def test_a_table_for_people(internvid, caption):
    lines = internvid("search", caption, "-k", "2").stdout.splitlines()
    assert len(lines) == 3 and lines[0].startswith("clip_id") and "\x1b" not in lines[1]
