"""internvid search: the clips nearest to a text, a clip, a picture or a video."""

from __future__ import annotations

import base64
import io
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import lancedb
import pytest
from console import run_here
from PIL import Image


def found(internvid, *arguments):
    done = internvid("search", *arguments, "--format", "json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def clip(finished: Path) -> dict:
    """A clip of the index, with its caption."""
    query = """
        select clip_id, caption from fused_captions
        where category = 'music' and caption is not null order by clip_id limit 1"""
    return json.loads(run_here("sql", query, "-f", "json", home=finished).stdout)[0]


def test_a_text_finds_clips_with_where_they_are(internvid, clip):
    rows = found(internvid, clip["caption"], "-k", "3")
    assert len(rows) == 3
    assert all(-1 <= row["similarity"] <= 1 and row["umt_score"] is not None for row in rows)
    assert all(row["source_uri"].startswith("file://") and row["end_seconds"] > row["start_seconds"] for row in rows)
    shapes = {word for word in clip["caption"].split() if word not in ("a", "the", "on", "background")}
    assert shapes & set(rows[0]["caption"].split())


def test_a_category_only(internvid, clip):
    assert {row["category"] for row in found(internvid, clip["caption"], "-k", "50", "-c", "music")} == {"music"}
    assert {row["category"] for row in found(internvid, clip["caption"], "-k", "50")} == {"music", "sports"}


def test_least_scores_and_lengths(internvid, clip):
    every = found(internvid, clip["caption"], "-k", "100")
    for row in every:
        row["duration"] = row["end_seconds"] - row["start_seconds"]
    least_of = {"--min-umt": "umt_score", "--min-aesthetic": "aesthetic_score", "--min-duration": "duration"}
    for option, column in least_of.items():
        least = sorted(row[column] for row in every)[len(every) // 2]
        rows = found(internvid, clip["caption"], "-k", "100", option, str(least))
        expected = {row["clip_id"] for row in every if row[column] >= least}
        assert {row["clip_id"] for row in rows} == expected and 0 < len(rows) < len(every)


def test_like_a_clip_is_what_looks_like_it_but_not_itself(internvid, clip):
    rows = found(internvid, "--like", clip["clip_id"], "-k", "50")
    assert clip["clip_id"] not in {row["clip_id"] for row in rows}
    similarities = [row["similarity"] for row in rows]
    assert similarities == sorted(similarities, reverse=True)


def test_like_a_picture_and_like_a_video(internvid, finished: Path, tmp_path: Path, world: Path):
    (row,) = found(internvid, "a shape", "-k", "1")
    page = tmp_path / "page.html"
    assert internvid("search", "a shape", "-k", "1", "-f", "html", "--to", page).exit_code == 0
    picture = tmp_path / "frame.jpg"
    picture.write_bytes(pictures(page.read_text())[0])
    assert row["clip_id"] in {hit["clip_id"] for hit in found(internvid, "--like", picture, "-k", "3")}
    video = next(path for path in (world / "music").iterdir() if path.suffix in {".mp4", ".webm", ".mkv"})
    best = found(internvid, "--like", video, "-k", "3")
    assert any(video.as_uri() == hit["source_uri"] for hit in best)


def test_a_table_for_people(internvid, clip):
    lines = internvid("search", clip["caption"], "-k", "2").stdout.splitlines()
    assert len(lines) == 3 and lines[0].startswith("clip_id") and "\x1b" not in lines[1]


class Requests(HTMLParser):
    """What a page would fetch, and what it says."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.addresses += [value for name, value in attributes if name in ("src", "href", "srcset", "data")]


def pictures(page: str) -> list[bytes]:
    return [base64.b64decode(url.partition("base64,")[2], validate=True) for url in Requests(page).addresses]


def test_a_page_holds_its_pictures_and_asks_for_nothing(internvid, clip, tmp_path: Path):
    to = tmp_path / "sheet.html"
    done = internvid("search", clip["caption"], "-k", "2", "--format", "html", "--to", to)
    assert (done.exit_code, done.stdout) == (0, f"{to}: 2 clips\n"), done.stderr
    page = to.read_text()
    assert all(url.startswith("data:image/jpeg;base64,") for url in Requests(page).addresses)
    assert not re.search(r"url\(|@import|<script", page)
    assert all(Image.open(io.BytesIO(jpeg)).format == "JPEG" for jpeg in pictures(page))
    assert 2 <= len(pictures(page)) <= 8 and page.count("<article>") == 2
    for row in found(internvid, clip["caption"], "-k", "2"):
        assert row["caption"] in page and row["clip_id"] in page


def test_a_title_is_no_markup(internvid, tmp_path: Path):
    to = tmp_path / "sheet.html"
    assert internvid("search", "<script>alert(1)</script> & ball", "-f", "html", "--to", to).exit_code == 0
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; ball" in to.read_text() and "<script>" not in to.read_text()


REFUSED = [
    ([], "nothing to search for"),
    (["--like", "no_such_clip"], "--like no_such_clip: neither a file nor the id of a clip in the index"),
    (["--like", "x" * 5000], "neither a file nor the id of a clip in the index"),
    (["--like", "."], "--like .: neither a file nor the id of a clip in the index"),
    (["ball", "--format", "html"], "--format html and --to FILE go together"),
    (["ball", "--to", "page.html"], "--format html and --to FILE go together"),
    (["ball", "--format", "html", "--to", "/proc/none/page.html"], "--to /proc/none/page.html cannot be written"),
]


@pytest.mark.parametrize(
    ("arguments", "told"), REFUSED, ids=lambda value: " ".join(value) if list is type(value) else ""
)
def test_a_refusal_is_one_line(internvid, arguments, told):
    done = internvid("search", *arguments)
    (line,) = done.stderr.splitlines()
    assert done.exit_code == 1 and told in line


def test_an_unreadable_picture_is_one_line(internvid, tmp_path: Path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    done = internvid("search", "--like", tmp_path / "broken.jpg")
    (line,) = done.stderr.splitlines()
    assert done.exit_code == 1 and "broken.jpg can be read neither as an image nor as a video" in line


def test_a_pipe_is_not_waited_for(internvid, tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.jpg")
    done = internvid("search", "--like", tmp_path / "pipe.jpg")
    assert done.exit_code == 1 and "pipe.jpg: neither a file" in done.stderr


def test_scores_that_were_not_made_are_told(home: Path):
    """Without a score table the clips are found all the same, but not by the score."""
    table = lancedb.connect(home / "index").open_table("clips")
    table.update(values={"umt_score": None})
    assert run_here("search", "ball", home=home).exit_code == 0
    done = run_here("search", "ball", "--min-umt", "0.3", home=home)
    (line,) = done.stderr.splitlines()
    assert done.exit_code == 1 and "no clip in the index has umt_score yet; run: internvid materialize" in line


def test_an_index_of_another_model_is_told(home: Path):
    table = lancedb.connect(home / "index").open_table("clips")
    table.update(values={"revision": "another"})
    done = run_here("search", "ball", home=home)
    (line,) = done.stderr.splitlines()
    assert done.exit_code == 1 and "embeddings of sample-world/clip @ another" in line
