"""Labels and phrases of all sources, merged by their base forms."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from internvid_assets import tables
from internvid_assets.cells.feature import empty_table
from internvid_assets.parameters import QueriesParameters
from internvid_assets.queries.labels import Wording
from internvid_assets.queries.merging import merge, merged_queries


def merged(*wordings: Wording, max_words: int = 16) -> dict[tuple[str, str], tuple]:
    found = merge(wordings, max_words=max_words)
    return {key: (row.query, row.kind, row.sources, row.rejection_reason) for key, row in found.items()}


def test_the_first_wording_counts_and_every_source_is_named() -> None:
    rows = merged(
        Wording("ridingBikes", "ucf"), Wording("ride a bike", "starter"), Wording("ride bike", "c.txt", kind="phrase")
    )
    assert rows == {("ride bike", "en"): ("riding bikes", "label", ["ucf", "starter", "c.txt"], None)}


def test_a_phrase_no_list_has_is_a_query_of_its_own() -> None:
    assert merged(Wording("feed swans", "c.txt", kind="phrase")) == {
        ("feed swan", "en"): ("feed swans", "phrase", ["c.txt"], None)
    }


def test_wordings_of_one_action_share_the_english_key() -> None:
    rows = merged(
        Wording("play chess", "a"),
        Wording("Schach spielen", "b", "de", english="Playing chess"),
        Wording("va", "c", "fr"),
    )
    assert list(rows) == [("play chess", "en"), ("play chess", "de"), ("va", "fr")]
    assert rows["play chess", "de"][0] == "schach spielen"


@pytest.mark.parametrize(
    ("wording", "reason"),
    [
        (Wording("!!!", "a"), "no_words"),
        (Wording("12 345", "a"), "no_words"),
        (Wording("one two three four", "a"), "too_long"),
        (Wording("01 Sports", "a", problem="heading"), "heading"),
    ],
)
def test_a_line_that_is_no_query_is_a_row_with_its_reason(wording: Wording, reason: str) -> None:
    assert merged(wording, max_words=3) == {(wording.text, "en"): (None, "label", ["a"], reason)}


def phrases(*rows: dict) -> pl.LazyFrame:
    return pl.DataFrame(list(rows), schema=empty_table("caption_phrases").schema).lazy()


def test_the_table_is_sorted_valid_and_says_which_languages_are_missing(tmp_path: Path) -> None:
    file = tmp_path / "words.csv"
    file.write_text("label,language,english\nzappeln,de,\nSchach spielen,de,play chess\nZumba,en,\n???,en,\n")
    settings = QueriesParameters(starter=False, label_files=[file], languages=["en", "de"])
    kept = {"caption": "x", "position": 0, "source": "c.txt", "phrase": "feed swans"}
    found = merged_queries(settings, phrases(kept, kept | {"position": 1, "rejection_reason": "no_verb"}))
    tables.ActionQueries.validate(found)
    assert found.select("lemma_key", "language", "missing_languages").rows() == [
        ("???", "en", []),
        ("feed swan", "en", ["de"]),
        ("play chess", "de", []),
        ("zappeln", "de", []),
        ("zumba", "en", ["de"]),
    ]


def test_without_settings_there_is_the_starter_list() -> None:
    found = merged_queries(QueriesParameters(), phrases())
    tables.ActionQueries.validate(found)
    assert found.height >= 300 and found["rejection_reason"].null_count() == found.height
    assert found.filter(lemma_key="ride bicycle").row(0, named=True)["query"] == "ride a bicycle"
    assert merged_queries(QueriesParameters(), phrases()).equals(found)
