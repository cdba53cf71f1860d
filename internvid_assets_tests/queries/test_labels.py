"""Label lists as their datasets released them, in small."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from internvid_assets.cells.errors import UserError
from internvid_assets.language.lemmas import can_be_verb
from internvid_assets.queries.labels import STARTER, read_labels
from internvid_assets.queries.normalising import lemma_key, normalised

LISTS = {
    "ucf101/classInd.txt": ("1 Archery\n2 YoYo\n10 PullUps\n???\n", ["Archery", "YoYo", "PullUps", "???"]),
    "kinetics.txt": ("abseiling\n\n# a comment\n3 point shooting\n", ["abseiling", "3 point shooting"]),
    "kinetics.csv": (
        "label,youtube_id,time_start,time_end,split,is_cc\n"
        "abseiling,-3B32lodo2M,59,69,train,0\nair drumming,-4qGe4HN2Cc,0,10,train,0\n",
        ["abseiling", "air drumming"],
    ),
    "something-v1.csv": ("Holding something\nMoving [something] up\n", ["Holding something", "Moving [something] up"]),
    "something.json": ('{"Holding something": "0", "Lifting it": "1"}', ["Holding something", "Lifting it"]),
    "something-v2-train.json": (
        json.dumps([{"id": "78687", "label": "holding potato next to vicks vaporub bottle",
                     "template": "Holding [something] next to [something]"}]),
        ["Holding [something] next to [something]"],
    ),
    "id2label.json": ('{"0": "abseiling", "1": "zumba"}', ["abseiling", "zumba"]),
    "names.json": ('["abseiling", "zumba"]', ["abseiling", "zumba"]),
    "indexed.csv": ("0,abseiling\n1,zumba\n", ["abseiling", "zumba"]),
    "atus.txt": (
        "01 Personal Care Activities\n  0101 Sleeping\n    010101 Sleeping\n    010199 Sleeping, n.e.c.*\n"
        "03 Caring For Household Members\n  0301 Caring for hh children\n",
        ["Sleeping", "Sleeping", "Caring for household children"],
    ),
    "atus.csv": (
        "Code,Activity\n02,Household Activities\n0201,Housework\n020101,Interior cleaning\n020102,Laundry\n",
        ["Interior cleaning", "Laundry"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_each_released_form_is_read(name: str, tmp_path: Path) -> None:
    text, labels = LISTS[name]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert [wording.text for wording in read_labels(path, name) if wording.problem is None] == labels


def test_headings_above_codes_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "atus.txt").write_text(LISTS["atus.txt"][0])
    headings = [w.text for w in read_labels(tmp_path / "atus.txt", "atus") if w.problem == "heading"]
    assert headings == ["01 Personal Care Activities", "0101 Sleeping", "03 Caring For Household Members"]


def test_a_language_column_says_whose_words_they_are(tmp_path: Path) -> None:
    rows = {"english": ["play chess", None], "Language": ["de-AT", "EN"], "label": ["Schach spielen", "run"]}
    pl.DataFrame(rows).write_parquet(tmp_path / "words.parquet")
    read = [(w.text, w.language, w.english) for w in read_labels(tmp_path / "words.parquet", "words")]
    assert read == [("Schach spielen", "de", "play chess"), ("run", "en", None)]


def test_internvids_own_queries(tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text('{"search_word_id": "play the guitar", "search_word": "弹吉他"}\n')
    (wording,) = read_labels(tmp_path / "queries.jsonl", "internvid")
    assert (wording.text, wording.language, wording.english) == ("弹吉他", "zh", "play the guitar")


def test_lines_that_are_no_labels_are_kept_with_their_reason(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "labels.jsonl.gz", "wb") as file:
        file.write(b'{"label": "run"}\n{"label": \n{"other": 3}\n{"label": "\xff"}\n')
    read = [(w.problem, w.text) for w in read_labels(tmp_path / "labels.jsonl.gz", "labels")]
    assert read[0] == (None, "run")
    assert [problem for problem, _ in read[1:]] == ["not_json", "no_words", "not_utf8"]
    assert read[2][1] == '{"other": 3}'


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("absent.txt", None, r"absent\.txt does not exist"),
        ("empty.txt", "", r"empty\.txt has no labels: expected a column template, label, .*columns found: none"),
        ("other.jsonl", '{"foo": 1}', r"columns found: foo"),
        ("broken.json", "{", r"broken\.json is not JSON .*name it \.jsonl"),
        ("broken.parquet", "no parquet", r"broken\.parquet cannot be read"),
    ],
)
def test_a_file_without_labels_is_refused_on_one_line(name: str, text: str | None, told: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=told) as refused:
        list(read_labels(tmp_path / name, name))
    assert "\n" not in str(refused.value)


def test_the_starter_list_is_of_many_actions_each_told_once() -> None:
    actions = [wording.text for wording in read_labels(STARTER, "starter")]
    assert len(actions) >= 300
    keys = [lemma_key(action) for action in actions]
    assert sorted({key for key in keys if keys.count(key) > 1}) == []
    assert [action for action in actions if normalised(action) != action] == []
    assert [action for action in actions if not can_be_verb(action.split()[0])] == []
    assert [action for action in actions if lemma_key(action).split()[0] != action.split()[0]] == []
