"""Pairs of a clip and another's caption."""

from __future__ import annotations

import polars as pl

from internvid_assets.scores.shuffling import with_other_captions


def clips(captions: list[str]) -> pl.LazyFrame:
    return pl.LazyFrame({"clip_id": [f"c{i}" for i in range(len(captions))], "caption": captions})


def pairs(rows: pl.LazyFrame, **options: int) -> dict[str, str]:
    told = with_other_captions(rows, **options).select("clip_id", "other_caption").collect()
    return dict(told.iter_rows())


def test_every_clip_gets_another_ones_caption_and_every_caption_is_given_once():
    captions = [f"caption {i}" for i in range(20)]
    told = pairs(clips(captions))
    assert len(told) == 20 and set(told.values()) == set(captions)
    assert all(other != captions[int(clip[1:])] for clip, other in told.items())


def test_captions_that_are_worded_alike_are_no_strangers():
    assert len(pairs(clips(["a", "b", "a", "a"]))) == 2
    assert pairs(clips(["a", "a", "a"])) == pairs(clips(["a"])) == pairs(clips([])) == {}


def test_a_new_clip_changes_two_pairs_at_most():
    captions = [f"caption {i}" for i in range(100)]
    before, after = pairs(clips(captions[:-1])), pairs(clips(captions))
    assert len(before) == len(after) == 64
    changed = [clip for clip in after if before.get(clip) != after[clip]]
    assert len(changed) <= 2


def test_the_order_of_the_rows_does_not_matter():
    rows = clips([f"caption {i}" for i in range(30)])
    assert pairs(rows.reverse(), pairs=10) == pairs(rows, pairs=10)
