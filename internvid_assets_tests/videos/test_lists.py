"""Lists: every line is an offer or a row with a reason, in the formats that datasets are released in."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from internvid_assets.cells.errors import UserError
from internvid_assets.videos.lists import read_list
from internvid_assets.videos.offers import category_named

A, B = "dQw4w9WgXcQ", "abc-_123XYZ"
WATCH = "https://www.youtube.com/watch?v="


def read(tmp_path: Path, name: str, text: str | bytes) -> list[dict]:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_list(str(path)).to_dicts()


def uris(rows: list[dict]) -> list[str]:
    return [row["source_uri"] for row in rows]


def test_a_text_file_has_an_address_or_id_a_line(tmp_path):
    rows = read(
        tmp_path, "l.txt", f"\ufeff# mine\n{A}\r\n\n https://youtu.be/{B} \nhttp://x/v.mp4\ns3://bucket/v.mp4\n"
    )
    assert uris(rows) == [f"{WATCH}{A}", f"{WATCH}{B}", "http://x/v.mp4", "s3://bucket/v.mp4"]
    assert [row["own_id"] for row in rows] == [A, B, None, None]


def test_internvid_as_released(tmp_path):
    """JSON lines, a clip each: one candidate per video."""
    line = {"Start_timestamp": "00:00:01.000", "End_timestamp": "00:00:04.500", "Caption": "a dog", "UMT_Score": 0.4}
    rows = read(tmp_path, "l.jsonl", "\n".join(json.dumps({"YoutubeID": key, **line}) for key in (A, A, B)))
    assert uris(rows) == [f"{WATCH}{A}", f"{WATCH}{B}"]
    assert [row["own_id"] for row in rows] == [A, B]


def test_panda_70m_as_released(tmp_path):
    text = (
        "videoID,url,timestamp,caption,matching_score\n"
        f"{A},{WATCH}{A},\"[['0:00:02.002', '0:00:04.004']]\",\"['A dog, running.']\",[0.4]\n"
        f"{B},{WATCH}{B},\"[['0:00:02.002', '0:00:04.004']]\",\"['A cat.']\",[0.4]\n"
    )
    rows = read(tmp_path, "panda70m.csv", text)
    assert uris(rows) == [f"{WATCH}{A}", f"{WATCH}{B}"]
    assert not any(row["listing_error"] for row in rows)


def test_known_columns_are_carried(tmp_path):
    text = (
        "URL,Title,description,tags,language,query,category,license\n"
        'http://x/v.mp4,"A dog, runs",Long.,"dog, run",en-US,dogs,Pets & Animals,CC BY\n'
        "http://x/w.mp4,,,a|b,,,Cooking,\n"
    )
    first, second = read(tmp_path, "l.csv", text)
    told = {name: first[name] for name in ("title", "description", "tags", "language", "query", "category", "licence")}
    assert told == {
        "title": "A dog, runs",
        "description": "Long.",
        "tags": ["dog", "run"],
        "language": "en",
        "query": "dogs",
        "category": "pets_and_animals",
        "licence": "CC BY",
    }
    assert (second["tags"], second["category"], second["title"]) == (["a", "b"], None, None)


def test_a_parquet_file(tmp_path):
    frame = pl.DataFrame(
        {"video_id": ["one", "two"], "uri": ["http://x/v.mp4", None], "tags": [["a"], None], "n": [1, 2]}
    )
    frame.write_parquet(tmp_path / "l.parquet")
    first, second = read_list(str(tmp_path / "l.parquet")).to_dicts()
    assert (first["own_id"], first["source_uri"], first["tags"]) == ("one", "http://x/v.mp4", ["a"])
    assert second["listing_error"] == "unsupported_source", "'two' is neither an address nor a YouTube id"


def test_lines_that_are_not_understood_are_rows(tmp_path):
    rows = read(
        tmp_path,
        "l.jsonl",
        f'{{"url": "http://x/a"}}\n{{"url": \n[1]\n{{"title": "x"}}\n{{"id": "{A}"}}\n' + "[" * 9999,
    )
    assert [row["listing_error"] for row in rows] == [None, *["line_not_understood"] * 3, None, "line_not_understood"]
    assert [row["source_uri"].rpartition("#")[2] for row in rows[1:4]] == ["line=2", "line=3", "line=4"]
    assert all("\n" not in (row["listing_error_message"] or "") for row in rows)


def test_ragged_and_binary_lines_lose_nothing(tmp_path):
    text = b"url,title\nhttp://x/a\nhttp://x/b,t,extra,extra\n,\n\xff\xfe\x00,\nhttp://x/c,caf\xe9\n"
    rows = read(tmp_path, "l.csv", text)
    assert [row["listing_error"] for row in rows] == [None, None, "line_not_understood", "unsupported_source", None]
    assert rows[-1]["title"] == "caf\ufffd"


@pytest.mark.parametrize("rest", ["", 'http://x/d,"a title"\n', 'http://x/d,"two\nlines"\n'])
def test_a_stray_quote_swallows_no_line(tmp_path, rest):
    rows = read(tmp_path, "l.csv", f'url,title\nhttp://x/a,"oops\nhttp://x/b,fine\nhttp://x/c,5" pipe\n{rest}')
    assert [row["listing_error"] for row in rows] == ["line_not_understood", *[None] * (2 + bool(rest))]
    assert 'a quote is not closed: http://x/a,"oops' in rows[0]["listing_error_message"]
    assert uris(rows[1:3]) == ["http://x/b", "http://x/c"]
    assert rows[2]["title"] == '5" pipe'
    assert [row["title"] for row in rows[3:]] == [title for title in ("a title", "two\nlines") if title in rest]


def test_a_field_may_hold_line_breaks(tmp_path):
    rows = read(tmp_path, "l.csv", 'url,title\nhttp://x/a,"one\n\ntwo ""three"""\nhttp://x/b,"a"b\n')
    assert [(row["source_uri"], row["title"]) for row in rows] == [
        ("http://x/a", 'one\n\ntwo "three"'),
        ("http://x/b", "ab"),
    ]


def test_files_only_from_below_the_list(tmp_path):
    (tmp_path / "lists/videos").mkdir(parents=True)
    for path in ("lists/videos/a.mp4", "lists/b.mp4", "secret.mp4"):
        (tmp_path / path).write_bytes(b"x")
    (tmp_path / "lists/link.mp4").symlink_to(tmp_path / "secret.mp4")
    inside = ["videos/a.mp4", f"{tmp_path}/lists/b.mp4", f"file://{tmp_path}/lists/b.mp4"]
    outside = [
        "../secret.mp4",
        f"{tmp_path}/secret.mp4",
        f"file://{tmp_path}/secret.mp4",
        "link.mp4",
        "absent.mp4",
        ".",
    ]
    rows = read(tmp_path / "lists", "l.csv", "\n".join(["path", *inside, *outside]))
    assert uris(rows[:2]) == [f"file://{tmp_path}/lists/videos/a.mp4", f"file://{tmp_path}/lists/b.mp4"]
    assert rows[0]["file_size_bytes"] == 1
    assert [row["listing_error"] for row in rows[2:]] == ["unsupported_source"] * len(outside)


def test_lists_that_cannot_be_read_say_so(tmp_path):
    for name, content, told in [
        ("l.xls", "", "a list must end in one of"),
        ("l.csv", "name,size\na,1\n", "no column is named url"),
        ("l.parquet", "no parquet", "cannot be read"),
    ]:
        (tmp_path / name).write_text(content)
        with pytest.raises(UserError, match=told) as refused:
            read_list(str(tmp_path / name))
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("sports", "sports"),
        ("Howto & Style", "howto_and_style"),
        ("Nonprofits & Activism", "nonprofits_and_activism"),
        (" News and politics ", "news_and_politics"),
        ("cooking", None),
        (None, None),
        (3, None),
    ],
)
def test_categories_by_any_of_their_names(name, category):
    assert category_named(name) == category
