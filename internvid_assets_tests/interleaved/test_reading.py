"""Sequences for training: each once in an epoch, whoever reads, in an order that seed and epoch decide."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from internvid_assets.cells.errors import UserError
from internvid_assets.interleaved.reading import Sequences
from internvid_assets.media.frames import FrameStore, pixels

ALL = {f"v{i:02}+0" for i in range(11)}
SPEECH = "captioned_with_speech"


def order(sequences: Sequences) -> list[str]:
    return [sequence["sequence_id"] for sequence in sequences]


def test_a_sequence_comes_with_its_pictures(sequences_home: Path):
    first = next(iter(Sequences(sequences_home, SPEECH, shuffle=False)))
    assert [item["kind"] for item in first["items"]] == ["clip", "caption", "speech", "clip", "caption"]
    frames = first["items"][0]["frames"]
    assert frames.shape == (4, 3, 8, 16) and frames.dtype == torch.uint8
    jpeg = FrameStore(sequences_home / "frames/sports").read(["v00_0/2"])[0]
    assert frames[2].permute(1, 2, 0).numpy().tolist() == pixels(jpeg).tolist()
    undecoded = next(iter(Sequences(sequences_home, SPEECH, shuffle=False, decode=False)))
    assert undecoded["items"][0]["frames"][2] == jpeg


def test_a_pair_takes_its_pictures_from_two_categories(sequences_home: Path):
    categories = [
        {item["category"] for item in sequence["items"] if item["kind"] == "clip" and len(item["frames"]) == 4}
        for sequence in Sequences(sequences_home, "paired")
    ]
    assert len(categories) == 11 and {"sports", "music"} in categories


def test_workers_share_out_the_sequences(sequences_home: Path):
    sequences = Sequences(sequences_home, SPEECH, seed=5)
    loader = DataLoader(
        sequences, batch_size=None, num_workers=2, multiprocessing_context="spawn", persistent_workers=True
    )
    first = [sequence["sequence_id"] for sequence in loader]
    sequences.set_epoch(1)
    second = [sequence["sequence_id"] for sequence in loader]
    assert sorted(first) == sorted(second) == sorted(ALL)
    assert first != second, "workers that persist are told of the epoch"
    assert len(sequences) == 11


def test_ranks_share_out_the_sequences(sequences_home: Path):
    shares = [order(Sequences(sequences_home, SPEECH, rank=rank, world_size=3)) for rank in range(3)]
    assert sorted(chain(*shares)) == sorted(ALL)
    assert sorted(map(len, shares)) == [3, 4, 4]  # 6 row groups, the last of one sequence


def test_the_order_is_decided_by_seed_and_epoch(sequences_home: Path):
    one, same, other = (Sequences(sequences_home, SPEECH, seed=seed) for seed in (1, 1, 2))
    assert order(one) == order(same) != order(other)
    assert order(one) != sorted(ALL) == order(Sequences(sequences_home, SPEECH, shuffle=False))
    before = order(one)
    one.set_epoch(1)
    assert set(order(one)) == ALL and order(one) != before
    one.set_epoch(0)
    assert order(one) == before


def test_what_is_not_there_is_said_with_the_way_out(sequences_home: Path):
    with pytest.raises(UserError, match=r"captioned/table\.parquet does not exist; run: internvid materialize"):
        Sequences(sequences_home, "captioned")
    with pytest.raises(UserError, match="format 'spoken': expected one of captioned, captioned_with_speech, paired"):
        Sequences(sequences_home, "spoken")
