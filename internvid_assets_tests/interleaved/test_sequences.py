"""What is in a sequence, in which order, and where it is cut."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import polars as pl
import pytest

from internvid_assets import tables
from internvid_assets.interleaved.sequences import SCHEMA, Budget, measured, whole_leaders
from internvid_assets.interleaved_parameters import InterleavedParameters
from internvid_assets.selects.files import sql_files

FORMATS = tables.INTERLEAVED_FORMATS


def test_the_parameters_of_the_settings_are_those_of_the_files():
    assert tuple(file.name for file in sql_files("interleaved")) == FORMATS
    for file in sql_files("interleaved"):
        section = InterleavedParameters().of_format(file.name)
        assert file.values() == {name: getattr(section, name) for name in file.parameters}
        unread = set(type(section).model_fields) - set(file.parameters)
        assert unread == {"max_images", "max_tokens", "overflow"}


def test_clips_and_captions_in_the_order_of_time(clips, short):
    (row,) = clips.add("v", ["a ball falls", "a cross spins"]).sequences("captioned")
    assert short(row) == ["v_0", "a ball falls", "v_1", "a cross spins"]
    assert [item["kind"] for item in row["items"]] == ["clip", "caption"] * 2
    assert row["items"][2]["frame_hashes"] == ["v_1/0", "v_1/1", "v_1/2", "v_1/3"]
    assert row["items"][3]["frame_hashes"] is None and row["items"][3]["start_seconds"] == 2.0
    counts = {name: row[name] for name in ("clip_count", "image_count", "word_count", "token_count", "left_out_clips")}
    assert counts == {"clip_count": 2, "image_count": 8, "word_count": 6, "token_count": 8, "left_out_clips": 0}
    assert (row["sequence_id"], row["video_ids"], row["place"]) == ("v+0", ["v"], 0)


def test_a_table_of_sequences_keeps_its_schema(clips):
    clips.add("v", ["a ball falls"], speech=["look"]).add("w", ["a cross spins"])
    for name in FORMATS:
        rows = pl.DataFrame(clips.sequences(name), schema=SCHEMA)
        assert tables.InterleavedSequences.is_valid(rows) and rows.height == 2


@pytest.mark.parametrize(("language", "said"), [("original", "regarde"), ("english", "regarde in English")])
def test_what_is_said_follows_the_caption_where_something_is(clips, short, language, said):
    clips.add("v", ["a ball falls", "a cross spins", "a ring rises"], speech=["regarde", "  ", None])
    (row,) = clips.sequences("captioned_with_speech", language=language)
    # What is blank in one language is not in the other: the test's own English has words of its own.
    assert short(row)[:3] == ["v_0", "a ball falls", said]
    assert [item["kind"] for item in row["items"]].count("speech") == (1 if language == "original" else 2)


def test_no_budget_is_exceeded_and_nothing_is_lost(clips, short):
    words = random.Random(3)
    for video in range(20):
        captions = [" ".join(["word"] * words.randint(1, 9)) for _ in range(words.randint(1, 30))]
        clips.add(f"v{video:02}", captions)
    rows = clips.sequences("captioned", Budget(max_tokens=32, max_images=20))
    assert max(row["token_count"] for row in rows) <= 32 and max(row["image_count"] for row in rows) <= 20
    assert {(row["max_tokens"], row["max_images"]) for row in rows} == {(32, 20)}
    found = [item["clip_id"] for row in rows for item in row["items"] if item["kind"] == "clip"]
    assert Counter(found) == Counter(row["clip_id"] for row in clips.rows["captioned_clips"])
    for row, following in pairwise(rows):
        if row["video_ids"] == following["video_ids"]:
            assert following["place"] == row["place"] + 1
            first = measured_tokens(clips, following["items"][0]["clip_id"])
            assert row["token_count"] + first > 32 or row["image_count"] + 4 > 20, "the clip would have fitted"


def measured_tokens(clips, clip_id: str) -> int:
    caption = next(row["caption"] for row in clips.rows["captioned_clips"] if row["clip_id"] == clip_id)
    one = pl.DataFrame({"caption": [caption], "speech": [None], "is_shown": [True], "frame_hashes": [["h"]]})
    return measured(one)["tokens"].item()


@pytest.mark.parametrize(
    ("text", "tokens"), [("a ball falls", 4), ("incomprehensibilities", 6), ("一个球掉下来", 5), ("", 0), ("a", 2)]
)
def test_tokens_are_estimated(text, tokens):
    one = pl.DataFrame({"caption": [text], "speech": [None], "is_shown": [True], "frame_hashes": [["h"]]})
    assert measured(one)["tokens"].to_list() == [tokens]


def test_truncating_leaves_out_what_does_not_fit_and_says_so(clips, short):
    (row,) = clips.add("v", ["one", "two", "three"]).sequences(
        "captioned", Budget(max_tokens=100, max_images=8, is_truncated=True)
    )
    assert short(row) == ["v_0", "one", "v_1", "two"] and row["left_out_clips"] == 1


def test_a_clip_that_exceeds_the_budget_alone_is_left_out(clips, short):
    rows = clips.add("v", ["one", "two " * 50, "three"]).sequences("captioned", Budget(max_tokens=20, max_images=100))
    assert [short(row) for row in rows] == [["v_0", "one", "v_2", "three"]]
    assert [row["left_out_clips"] for row in rows] == [1]


def test_batches_part_no_video():
    leaders = ["a", "a", "b", "b", "b", "c"]
    rows = pl.DataFrame({"leader": leaders, "n": range(6)})
    for size in (1, 2, 3, 4, 6):
        batches = list(whole_leaders(rows.iter_slices(size)))
        assert pl.concat(batches).equals(rows)
        owners = [set(batch["leader"]) for batch in batches]
        assert sum(map(len, owners)) == 3
    assert list(whole_leaders([])) == []
