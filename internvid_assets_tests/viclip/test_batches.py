"""Rows, their order, and batches of stored frames."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

torch = pytest.importorskip("torch")

from small_training import CLIPS, SAMPLE_CLIP, made  # noqa: E402

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.media.frames import FrameStore, MissingFrames  # noqa: E402
from internvid_assets.viclip.batches import Clips, loader_of, shrunk  # noqa: E402
from internvid_assets.viclip.order import Draw, Order, steps_of  # noqa: E402
from internvid_assets.viclip.rows import mapped_rows, training_rows, write_rows  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("clips")
    made(path)
    return path


def clips_of(folder: Path, **changes: Any) -> Clips:
    told = {"frames": 4, "seed": 1, **changes}
    return Clips(folder / "rows.arrow", folder / "frames", str(SAMPLE_CLIP), **told)


def order_of(**changes: Any) -> Order:
    return Order(**{"rows": 10, "batch_size": 4, "steps": 6, "seed": 3, **changes})


def rows_of(order: Order) -> list[list[int]]:
    return [[draw.row for draw in batch] for batch in order]


def test_a_row_comes_once_in_an_epoch():
    batches = rows_of(order_of())
    assert len(batches) == 6 and all(len(batch) == 4 for batch in batches)
    epochs = [list(chain(*batches[start : start + 2])) for start in (0, 2, 4)]  # 8 of 10 rows fill a batch
    assert all(len(set(epoch)) == 8 and set(epoch) <= set(range(10)) for epoch in epochs)
    assert epochs[0] != epochs[1] and {draw.epoch for batch in order_of() for draw in batch} == {0, 1, 2}


def test_the_order_is_that_of_its_seed():
    assert rows_of(order_of()) == rows_of(order_of()) != rows_of(order_of(seed=4))


def test_a_run_that_goes_on_takes_up_the_order():
    assert rows_of(order_of(first_step=3)) == rows_of(order_of())[3:]
    assert len(order_of(first_step=3)) == 3


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_ranks_share_out_the_same_batches(ranks):
    shares = [rows_of(order_of(ranks=ranks, rank=rank)) for rank in range(ranks)]
    assert [list(chain(*parts)) for parts in zip(*shares, strict=True)] == rows_of(order_of())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"batch_size": 11}, "batch_size = 11: expected at most the 10 rows"),
        ({"ranks": 3}, "batch_size = 4: expected a multiple of the 3 processes"),
    ],
)
def test_batches_that_cannot_be_made(change, told):
    with pytest.raises(UserError, match=told):
        order_of(**change)


@pytest.mark.parametrize(("rows", "batch", "epochs", "steps"), [(10, 4, 3, 6), (10, 4, 0.5, 1), (100, 10, 0.5, 5)])
def test_steps(rows, batch, epochs, steps):
    assert steps_of(rows, batch, epochs) == steps


def test_steps_of_verbs_are_spread_evenly_and_known_by_their_number():
    def kinds(**changes):
        return [batch[0].is_of_verbs for batch in order_of(steps=8, **changes)]

    assert kinds() == [False] * 8 and kinds(verb_share=1.0) == [True] * 8
    assert kinds(verb_share=0.25) == [False, False, False, True] * 2
    assert kinds(verb_share=0.25, first_step=3) == kinds(verb_share=0.25)[3:]


def batch_of(clips: Clips, rows: list[int], epoch: int = 0, **told: bool):
    return clips.__getitems__([Draw(epoch, row, **told) for row in rows])


def test_a_batch(folder):
    """Row 0 is 60 pixels wide, row 1 is 40: it lies at the left."""
    clips = clips_of(folder, is_training=False)
    batch = batch_of(clips, [0, 1, 0])
    assert batch.frames.shape == (3, 4, 3, 40, 60) and batch.frames.dtype == torch.uint8
    assert (batch.heights.tolist(), batch.widths.tolist()) == ([40, 40, 40], [60, 40, 60])
    assert batch.sample_ids.tolist() == [0, 1, 0] and batch.noise.shape == (3, 23)
    assert torch.equal(batch.frames[0], batch.frames[2]) and not batch.frames[1, ..., 40:].any()
    first = clips.table.column("frame_hashes")[0].as_py()[0]
    stored = FrameStore(folder / "frames/sports").images([first])[0]
    assert torch.equal(batch.frames[0, 0].permute(1, 2, 0), torch.from_numpy(stored))
    assert torch.equal(
        batch.token_ids, clips.words(["a red ball moves left", "a green ball moves left", "a red ball moves left"])
    )


def test_what_is_drawn_is_a_function_of_row_and_epoch(folder):
    one, other = clips_of(folder), clips_of(folder, cache_bytes=10**7)
    for epoch in range(3):
        ours, again = batch_of(one, [3, 5], epoch), batch_of(other, [5, 3], epoch)
        assert torch.equal(ours.frames[0], again.frames[1]) and torch.equal(ours.noise.flip(0), again.noise)
    assert other._kept_bytes > 0
    noises = {
        tuple(batch_of(clips, [3], epoch).noise[0].tolist())
        for clips in (one, clips_of(folder, seed=2))
        for epoch in range(3)
    }
    assert len(noises) == 6


def test_captions_are_drawn_by_weight(folder):
    """Row 0 has one caption of weight 3 and one of weight 1."""
    clips = clips_of(folder, cache_bytes=10**7)
    drawn = Counter(int((batch_of(clips, [0], epoch).token_ids != 0).sum()) for epoch in range(200))
    assert set(drawn) == {5, 7} and 0.65 < drawn[7] / 200 < 0.85


def test_clips_with_one_caption_may_be_one_sample(folder):
    by_caption = batch_of(clips_of(folder, is_training=False, positives="caption"), [0, 1, 4]).sample_ids.tolist()
    assert by_caption[0] == by_caption[2] != by_caption[1]


def test_of_verbs_clips_that_do_the_same_are_one_sample_in_any_colour(folder):
    """ "a red ball moves left" and "a green ball moves left"; "a red ball", as row 0 may be called, tells nothing."""
    clips = clips_of(folder, is_training=False)
    batch = batch_of(clips, [0, 1, 2], is_of_verbs=True)
    assert torch.equal(batch.token_ids, clips.words(["moves left"] * 3)) and len(set(batch.sample_ids.tolist())) == 1
    assert batch.colours.shape == (3, 3) and batch_of(clips, [0, 1, 2]).colours.shape == (0, 3)
    drawn = clips_of(folder)
    ids = [batch_of(drawn, [0], epoch, is_of_verbs=True).token_ids for epoch in range(20)]
    assert {tuple(told[0].tolist()) for told in ids} == {
        tuple(drawn.words([text])[0].tolist()) for text in ("moves left", "")
    }


@pytest.mark.parametrize(
    ("mirror", "sides"), [("pictures", {"left"}), ("words", {"left", "right"}), ("never", {"left"})]
)
def test_sides_change_in_words_where_they_change_in_the_picture(folder, mirror, sides):
    clips = clips_of(folder, mirror=mirror, cache_bytes=10**7)
    batches = [batch_of(clips, [0, 1], epoch, is_of_verbs=True) for epoch in range(20)]
    text_of = {tuple(clips.words([f"moves {side}"])[0].tolist()): side for side in ("left", "right")}
    told = [
        (text_of.get(tuple(ids)), noise < 0.5)
        for batch in batches
        for ids, noise in zip(batch.token_ids.tolist(), batch.noise[:, -1].tolist(), strict=True)
    ]
    assert {side for side, _ in told if side} == sides
    assert {is_mirrored for _, is_mirrored in told} == ({False} if mirror == "never" else {False, True})
    if mirror == "words":
        assert all((side == "right") == is_mirrored for side, is_mirrored in told if side)


def test_memory_is_kept_within_its_bound(folder):
    clips = clips_of(folder, cache_bytes=3 * 40 * 40 * 3)
    batch_of(clips, list(range(CLIPS)))
    assert 0 < sum(one.nbytes for one in clips._kept.values()) == clips._kept_bytes <= clips.cache_bytes


def test_workers_make_the_same_batches(folder):
    """In processes of their own, which open store and words anew."""
    order = Order(rows=CLIPS, batch_size=8, steps=5, seed=0, verb_share=0.5)
    clips = clips_of(folder)
    batch_of(clips, [0])  # opened here already
    alone, helped = (list(loader_of(clips, order, workers=workers)) for workers in (0, 1))
    assert len(alone) == len(helped) == 5
    assert all(
        torch.equal(ours, theirs)
        for one, other in zip(alone, helped, strict=True)
        for ours, theirs in zip(one, other, strict=True)
    )


def test_pictures_are_shrunk_to_a_side():
    picture = np.zeros((40, 60, 3), np.uint8)
    assert shrunk(picture, 20).shape == (20, 30, 3)
    assert shrunk(picture, 40) is picture and shrunk(picture, 50) is picture


def test_a_picture_that_is_gone_ends_the_run(folder, tmp_path):
    with pytest.raises(MissingFrames):
        batch_of(replace(clips_of(folder), frame_stores=tmp_path), [0])


CHOSEN = pl.LazyFrame(
    {"clip_id": list("dcba"), "video_id": list("wvvu"), "category": ["music"] * 4, "rank": [1, 2, 3, 4]}
)
FRAMES = pl.LazyFrame(
    {
        "clip_id": ["a", "a", "b", "c", "z"],
        "pts": [20, 10, 0, 0, 0],
        "frame_hash": ["a2", "a1", "b1", None, "z1"],
        "error": [None, None, None, "no_frame_in_span", None],
    }
)
FUSED = pl.LazyFrame({"clip_id": ["a", "b", "d"], "caption": ["a ball falls", "ball", "a cross"]})
CENTER = pl.LazyFrame({"clip_id": ["a", "b", "c"], "caption": ["a ball falls", None, "a ring"]})


def test_rows_are_clips_with_frames_and_captions():
    """Of d and c there is no picture, of b no caption of two words; both captions of a are the same."""
    told = training_rows(CHOSEN, FRAMES, {"fused": FUSED, "center": CENTER}, {"fused": 2.0, "center": 1.0})
    assert told.rows.to_dicts() == [
        {
            "clip_id": "a",
            "video_id": "u",
            "category": "music",
            "captions": ["a ball falls"],
            "weights": [3.0],
            "frame_hashes": ["a1", "a2"],
        }
    ]
    assert told.left_out == {"no_frames": 2, "no_caption_of_2_words": 1}


def test_captions_without_weight_are_passed_over():
    told = training_rows(CHOSEN, FRAMES, {"fused": FUSED, "center": CENTER}, {"fused": 0.0, "center": 1.0})
    assert told.rows["weights"].to_list() == [[1.0]]


def test_files_of_rows(tmp_path):
    rows = training_rows(CHOSEN, FRAMES, {"fused": FUSED}, {"fused": 1.0}).rows
    told = [write_rows(rows, tmp_path / name) for name in ("one", "two")]
    assert told[0] == told[1] and mapped_rows(tmp_path / "one").to_pylist() == rows.to_dicts()
    with pytest.raises(UserError, match="no clips to train on"):
        write_rows(rows.clear(), tmp_path / "none")
    with pytest.raises(UserError, match=r"none does not exist: expected the training rows"):
        mapped_rows(tmp_path / "none")
    (tmp_path / "one").write_bytes(b"cut off")
    with pytest.raises(UserError, match="is damaged"):
        mapped_rows(tmp_path / "one")
