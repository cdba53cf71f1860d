"""One spelling per query, one key per action."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from internvid_assets.queries.normalising import lemma_key, normalised


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("ApplyEyeMakeup", "apply eye makeup"),
        ("apply_eye_makeup", "apply eye makeup"),
        ("Apply eye make-up!", "apply eye make up"),
        ("YoYo", "yo yo"),
        ("WatchTV", "watch tv"),
        ("Pushing [something] from left to right", "pushing something from left to right"),
        ("opening bottle (not wine)", "opening bottle"),
        ("shooting goal (soccer)", "shooting goal soccer"),
        ("massaging person's head", "massaging person's head"),
        ("massaging person’s head", "massaging person's head"),
        ("'dancing'", "dancing"),
        ("rock & roll", "rock and roll"),
        ("ＲＵＮ　fast", "run fast"),
        ("Straße  überqueren", "straße überqueren"),
        ("गिटार बजाना", "गिटार बजाना"),
        ("弹吉他", "弹吉他"),
        ("--- !!!", ""),
        ("", ""),
    ],
)
def test_what_a_query_looks_like(text: str, query: str) -> None:
    assert normalised(text) == query


@given(st.text(max_size=60) | st.text(alphabet="aBc DeF_-('&’[]not)", max_size=30))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once
    assert once == " ".join(once.split())


@pytest.mark.parametrize(
    ("spellings", "key"),
    [
        (["ride a bike", "riding bikes", "rode the bike", "ride your bike"], "ride bike"),
        (["brush teeth", "brushing teeth", "brush your tooth"], "brush tooth"),
        (["cutting", "cut", "cuts"], "cut"),
        (["saw wood", "saws the wood"], "saw wood"),
        (["the"], "the"),
    ],
)
def test_all_spellings_of_an_action_share_a_key(spellings: list[str], key: str) -> None:
    assert {lemma_key(spelling) for spelling in spellings} == {key}


def test_other_languages_keep_their_forms() -> None:
    assert lemma_key("fahrräder reparieren", "de") == "fahrräder reparieren"
