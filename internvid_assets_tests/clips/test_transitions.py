"""The TransNetV2 network and the cuts that follow from what it says."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tiny_videos import noise, write_video

from internvid_assets.cells.errors import UserError
from internvid_assets.clips.splitters import split
from internvid_assets.models.transnet_v2 import (
    TransNetV2,
    load_transnet,
    similarity_to_neighbours,
    transition_probabilities,
)
from internvid_assets.settings import load_settings


def random_network(filters: int = 2) -> TransNetV2:
    torch.manual_seed(0)
    return TransNetV2(filters).eval()


def frames(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 256, (count, 27, 48, 3), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def test_keys_and_size_are_those_of_the_published_weights() -> None:
    network = random_network(filters=16)
    state = network.state_dict()
    assert sum(value.numel() for value in network.parameters()) == 7_616_258
    assert state["SDDCNN.2.DDCNN.1.Conv3D_8.layers.1.weight"].shape == (64, 128, 3, 1, 1)
    assert state["fc1.weight"].shape == (1024, 256 * 18 + 256)
    assert {name.split(".")[0] for name in state} == {
        *("SDDCNN", "frame_sim_layer", "color_hist_layer", "fc1", "cls_layer1", "cls_layer2")
    }


@pytest.mark.parametrize("count", [1, 50, 51])
def test_every_frame_has_a_probability_whatever_the_length(count: int) -> None:
    told = transition_probabilities(random_network(), frames(count))
    assert told.shape == (count,)
    assert ((told > 0) & (told < 1)).all()


def test_windows_meet_without_a_seam() -> None:
    """Frame 40 has 25 frames of context on either side in the first window, so what lies further changes nothing."""
    long = frames(200)
    assert torch.allclose(
        transition_probabilities(random_network(), long)[:25],
        transition_probabilities(random_network(), long[:75])[:25],
    )


def test_similarity_looks_fifty_frames_to_either_side() -> None:
    x = torch.eye(3)[None, [0, 1, 0]]
    cosines = similarity_to_neighbours(x)
    assert cosines.shape == (1, 3, 101)
    assert cosines[0, 0, 50:53].tolist() == [1, 0, 1] and cosines[0, 0].sum() == 2
    assert cosines[0, 1, 49:52].tolist() == [0, 1, 0]


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_network_loads_from_disk_and_splits_a_video(tmp_path: Path, suffix: str) -> None:
    network, weights = random_network(), tmp_path / f"weights{suffix}"
    state = network.state_dict()
    save_file(state, weights) if suffix == ".safetensors" else torch.save(state, weights)
    assert torch.equal(load_transnet(weights).fc1.weight, network.fc1.weight)

    video = str(write_video(tmp_path / "v.mp4", [noise(i // 30) for i in range(120)]))
    options = {"splitter": "transnetv2", "weights": str(weights), "min_scene_length_frames": 5}
    middle = float(transition_probabilities(network, frames(120)).median())
    clips = split(video, threshold=middle, **options)
    assert clips == split(video, threshold=middle, **options)
    assert sum(clip["frame_count"] for clip in clips) == 120
    assert all(a["end_pts"] == b["start_pts"] for a, b in pairwise(clips))
    assert len(split(video, threshold=0.999999, **options)) == 1


def test_weights_that_are_not_there_are_said_before_anything_runs(tmp_path: Path) -> None:
    settings = load_settings(["clips.splitter=transnetv2", f"clips.transnet_weights={tmp_path / 'none.pth'}"])
    with pytest.raises(UserError, match=r"clips.transnet_weights is '.*none.pth': expected the path"):
        settings.clips.of_recipe()
