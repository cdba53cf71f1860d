"""A card's numbers are answers to the queries it shows; its Croissant metadata are valid, and lead to the rows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from internvid_assets.analytics.card import number, table_text
from internvid_assets.analytics.card_folder import Card, make_card, write_folder
from internvid_assets.analytics.page import as_page
from internvid_assets.analytics.warehouse import open_lake
from internvid_assets.cells.store import Store
from internvid_assets.home import Home
from internvid_assets.selects.running import fetch
from internvid_assets.settings import load_settings

ANSWERS = re.compile(r"((?:^\|.*\|\n)+)\n```sql\n(.+)\n```", flags=re.MULTILINE)
RECIPES = {"clips": '{"asset":"clips","models":[],"parameters":{"threshold":27.0},"prompt":"say ```what``` is seen"}'}
LICENCE = "<script>alert(1)</script> | ![CC](http://elsewhere/by.png) `BY`"
PIVOTED = "select dataset, measure, value from published_statistics"


def as_strangers_word_it(rows: dict[str, list[dict]]) -> None:
    """Frames are left out, since no store holds their pictures."""
    rows["clip_frames"] = []
    for row in rows["videos"]:
        row["licence"] = LICENCE


@pytest.fixture(scope="module")
def home(make_lake: Callable[..., Path]) -> Home:
    return Home(load_settings([f"home={make_lake(as_strangers_word_it)}"]))


@pytest.fixture(scope="module")
def card(home: Home) -> Card:
    return make_card(home, RECIPES)


def test_numbers_are_those_of_sql_asked_by_hand(home: Home, card: Card) -> None:
    answers = [found for found in ANSWERS.findall(card.files["README.md"].decode()) if PIVOTED not in found[1]]
    assert len(answers) >= 20
    with open_lake(home.path) as connection:
        for shown, query in answers:
            assert shown.rstrip() == table_text(fetch(connection, query)), query
        (clips,) = connection.execute("select count(*) from captioned_clips").fetchall()[0]
    assert f"{clips} clips with captions" in card.files["README.md"].decode()


def test_other_datasets_stand_beside_ours(card: Card) -> None:
    assert "| dataset | mean_clip_seconds |\n| :--- | ---: |\n| InternVid | 11.7 |" in card.files["README.md"].decode()


def test_a_model_is_told_where_one_was_measured(card: Card, make_lake: Callable[..., Path]) -> None:
    row = ["internvid_10m_flt", "viclip_checkpoint", "top_1", "50", "75", "25", "58.42", "64.8"]
    assert f"| {' | '.join(row)} |" in card.files["README.md"].decode()
    untrained = make_lake(lambda rows: rows.update(clip_frames=[], zero_shot_actions=[], video_text_retrieval=[]))
    told = make_card(Home(load_settings([f"home={untrained}"])), RECIPES).files["README.md"].decode()
    assert "Models trained on it" not in told


def test_a_number_is_short_and_nothing_is_rounded_away() -> None:
    values = (None, 3, 1234567, 7200.0, 0.123456, 1e-7, 17.6, 760_300.4, "a|b\nc")
    assert [number(value) for value in values] == [*"- 3 1,234,567 7,200 0.1235 1e-07 17.6 760,300".split(), "a\\|b c"]


def test_what_strangers_wrote_is_text(card: Card) -> None:
    page = card.files["card.html"].decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; | ![CC](http://elsewhere/by.png) `BY`" in page
    assert "<script" not in page
    assert set(re.findall(r'src="(.{15})', page)) <= {"data:image/png;", "data:image/jpeg"}


def test_a_prompt_cannot_end_its_block(card: Card) -> None:
    assert "say ```what``` is seen" in card.files["card.html"].decode()
    assert card.files["README.md"].decode().count("````json") == 1


def test_a_picture_that_is_not_the_cards_stays_away() -> None:
    page = as_page("t", "![a](figures/a.png) ![b](http://elsewhere/b.png)", {"figures/a.png": b"x"})
    assert re.findall(r'src="(.*?)"', page) == ["data:image/png;base64,eA==", ""]


def test_figures_are_small_and_the_same_every_time(home: Home, card: Card) -> None:
    figures = {name: png for name, png in card.files.items() if name.startswith("figures/")}
    assert len(figures) >= 9 and max(map(len, figures.values())) < 40_000
    assert make_card(home, RECIPES).files == card.files


def test_an_empty_home_has_a_card(tmp_path: Path) -> None:
    card = make_card(Home(load_settings([f"home={tmp_path}"])), {})
    assert "0 clips with captions" in card.files["README.md"].decode()


READ_CROISSANT = """
import json, sys, mlcroissant
dataset = mlcroissant.Dataset(jsonld=sys.argv[1])
issues = dataset.metadata.issues
clips = [record["internvid_10m_div/clip_id"].decode() for record in dataset.records("internvid_10m_div")]
print(json.dumps([[*issues.errors, *issues.warnings], clips]))
"""
"""In a process of its own: absl, which mlcroissant loads, closes the standard error it found when it was loaded."""


def test_croissant_is_valid_and_its_records_are_the_rows(home: Home, card: Card) -> None:
    (home.path / "croissant.json").write_bytes(card.files["croissant.json"])
    command = [sys.executable, "-c", READ_CROISSANT, str(home.path / "croissant.json")]
    read = subprocess.run(command, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
    issues, found = json.loads(read.stdout.splitlines()[-1])
    assert issues == []
    with open_lake(home.path) as connection:
        assert found == fetch(connection, "from internvid_10m_div")["clip_id"].to_list()


def test_croissant_describes_every_column(card: Card) -> None:
    told = json.loads(card.files["croissant.json"])
    fields = {field["@id"]: field for records in told["recordSet"] for field in records["field"]}
    assert (
        fields["clips/start_pts"]["dataType"] == "sc:Integer" and fields["videos/has_audio"]["dataType"] == "sc:Boolean"
    )
    assert (
        fields["clip_embeddings/video_embedding"]["repeated"]
        and fields["clip_embeddings/video_embedding"]["dataType"] == "sc:Float"
    )
    assert [name for name, field in fields.items() if not field["description"]] == []
    assert told["license"] == [LICENCE]


def test_a_card_is_replaced_as_a_whole(tmp_path: Path) -> None:
    store, folder = Store(tmp_path), tmp_path / "card"
    for files in ({"README.md": b"old", "figures/gone.png": b"x"}, {"README.md": b"new"}):
        with store.scratch() as scratch:
            write_folder(files, folder, scratch)
    assert [path.name for path in folder.rglob("*")] == ["README.md"]
    assert (folder / "README.md").read_bytes() == b"new" and not [*(tmp_path / "scratch").iterdir()]


def test_a_card_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    store, folder = Store(tmp_path), tmp_path / "card"
    with store.scratch() as scratch:
        write_folder({"README.md": b"old"}, folder, scratch)
    with store.scratch() as scratch, pytest.raises(OSError, match="exists"):
        write_folder({"a": b"", "a/b": b""}, folder, scratch)
    assert [path.name for path in folder.iterdir()] == ["README.md"]


def test_a_table_of_text_and_numbers() -> None:
    rows = pl.DataFrame({"name": ["a", None], "share": [0.5, 1.0]})
    assert table_text(rows).splitlines() == ["| name | share |", "| :--- | ---: |", "| a | 0.5 |", "| - | 1 |"]
