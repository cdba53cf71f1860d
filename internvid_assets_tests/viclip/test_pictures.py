"""Pixels and frames as the released code prepares them, and augmentation against torchvision's own steps."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from internvid_assets.models.viclip.frame_sampling import interval_bounds, middle_frames, random_frames  # noqa: E402
from internvid_assets.models.viclip.pictures import (  # noqa: E402
    NOISE,
    augmented,
    normalised,
    prepared,
    random_boxes,
    recoloured,
    resampling,
    turns_of_hue,
)


@pytest.fixture(scope="module")
def told(golden) -> dict[str, torch.Tensor]:
    return load_file(golden / "misc_vectors.safetensors")


@pytest.mark.parametrize("antialias", [False, True])
def test_pictures_are_squeezed_as_by_torchvision(antialias, told):
    ours = prepared(told["tf.in_uint8_tchw"], 32, antialias=antialias)
    torch.testing.assert_close(ours, told[f"tf.out_bicubic_antialias_{antialias}"], atol=1e-5, rtol=0)


def test_the_released_demonstration(told):
    import cv2

    frames = told["demo.frames_bgr_uint8"].numpy()
    chosen = [frames[index] for index in range(0, len(frames), len(frames) // 8)][:8]
    squeezed = np.stack([cv2.resize(frame, (32, 32))[..., ::-1] for frame in chosen])
    ours = normalised(torch.from_numpy(squeezed).permute(0, 3, 1, 2))
    torch.testing.assert_close(ours[None], told["demo.frames2tensor_8x32x32"], atol=1e-5, rtol=0)


@pytest.fixture(scope="module")
def sampled(golden) -> dict:
    return json.loads((golden / "frame_sampling.json").read_text())


def test_middle_frames(sampled):
    rows = [row for row in sampled["rows"] if row["sample"] == "middle"]
    assert len(rows) == 85
    assert all(middle_frames(row["vlen"], row["num_frames"]) == row["indices"] for row in rows)


def test_random_frames_stay_in_their_intervals(sampled):
    rows = [row for row in sampled["rows"] if row["sample"] == "rand"]
    assert len(rows) == 85
    for row in rows:
        length, frames, bounds = row["vlen"], row["num_frames"], row["interval_bounds"]
        assert interval_bounds(length, frames).tolist() == bounds
        drawn = np.array([random_frames(length, frames, np.random.default_rng(seed)) for seed in range(50)])
        own = drawn[:, : len(bounds) - 1]
        assert (drawn[:, len(bounds) - 1 :] == own[:, -1:]).all()  # a short clip's last one repeats
        if min(np.diff(bounds)) > 1:
            allowed = [set(range(start, stop - 1)) for start, stop in pairwise(bounds)]
            assert all(set(column) <= some for column, some in zip(own.T, allowed, strict=True))
            assert any(len(set(column)) > 1 for column in own.T) or max(map(len, allowed)) == 1
        else:
            assert (np.diff(own) > 0).all() and own.min() >= 0 and own.max() < length


def video(clips: int, height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, 256, (clips, 2, 3, height, width), dtype=torch.uint8, generator=generator)


def test_a_box_a_resize_and_a_mirror_are_two_products():
    """Against the steps one by one: cut, resize without antialiasing, mirror, each clip on its own."""
    frames = video(3, 40, 61)
    boxes = torch.tensor([[0, 0, 40, 61], [5, 7, 30, 20], [10, 31, 17, 30]])
    flips = torch.tensor([False, True, False])
    ours = augmented(frames, 24, boxes, flips)
    for clip, (top, left, height, width) in enumerate(boxes.tolist()):
        cut = frames[clip, :, :, top : top + height, left : left + width].float()
        square = F.interpolate(cut, (24, 24), mode="bicubic", align_corners=False)
        square = square.flip(-1) if flips[clip] else square
        difference = (ours[clip] - normalised(square.round().clamp(0, 255))).abs()
        level = 1 / 255 / 0.224
        assert difference.max() <= 1.01 * level and (difference > 1e-4).float().mean() < 1e-3  # halves round either way


def test_pictures_of_several_sizes_share_a_batch():
    """A smaller one lies at the top left: what is beside it is never seen."""
    small = video(1, 20, 30)
    padded = torch.full((1, 2, 3, 33, 47), 255, dtype=torch.uint8)
    padded[..., :20, :30] = small
    whole = torch.tensor([[0, 0, 20, 30]])
    assert torch.equal(
        augmented(padded, 16, whole, torch.tensor([True])), augmented(small, 16, whole, torch.tensor([True]))
    )


def test_every_pixel_is_a_mean_of_some():
    rows = resampling(torch.tensor([0, 3]), torch.tensor([50, 9]), 50, 16)
    torch.testing.assert_close(rows.sum(dim=2), torch.ones(2, 16))
    assert not rows[1, :, :3].any() and not rows[1, :, 12:].any()


def test_greys_keep_their_hue_and_colours_change_it():
    """Contrast and brightness apart: a turn about the axis of greys leaves lengths as they are."""
    turn = turns_of_hue(torch.tensor([0.0, 1 / 3, 0.37]))
    torch.testing.assert_close(turn[0], torch.eye(3))
    red, green = torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 1, 0])
    torch.testing.assert_close(turn[1] @ red, green, atol=1e-6, rtol=0)
    torch.testing.assert_close(turn @ torch.ones(3), torch.ones(3, 3))
    torch.testing.assert_close((turn[2] @ red).norm(), torch.tensor(1.0))


def test_all_frames_of_a_clip_change_colours_alike():
    """Each pixel by the clip's own matrix and shift, told here by three pixels of the first frame and a grey one."""
    pixels = video(2, 9, 12).float()
    changed = recoloured(pixels, torch.tensor([[0.2, 0.5, 0.5], [0.9, 0.1, 0.8]]))
    for clip in range(2):
        before, after = (levels[clip].transpose(0, 1).flatten(1) for levels in (pixels, changed))  # [3, pixels]
        known = torch.cat([before, torch.ones(1, before.shape[1])])
        affine = torch.linalg.lstsq(known[:, :40].T, after[:, :40].T).solution.T  # [3, 4]
        torch.testing.assert_close(affine @ known, after, atol=0.05, rtol=0)
    same = recoloured(pixels, torch.tensor([[0.0, 0.5 / 0.6, 0.5]] * 2))  # contrast 1, brightness 0
    torch.testing.assert_close(same, pixels, atol=1e-3, rtol=0)


def noise(samples: int) -> torch.Tensor:
    return torch.rand(samples, NOISE, generator=torch.Generator().manual_seed(0))


def test_boxes_are_as_large_and_as_wide_as_the_paper_says():
    heights, widths = torch.full((4000,), 180.0), torch.full((4000,), 320.0)
    boxes, flips = random_boxes(heights, widths, noise(4000))
    top, left, height, width = boxes.unbind(1)
    assert 1800 < flips.sum() < 2200
    assert (top >= 0).all() and (left >= 0).all()
    assert (top + height <= 180).all() and (left + width <= 320).all()
    share, ratio = height * width / (180 * 320), width / height
    assert 0.495 <= share.min() < 0.52 and share.max() <= 0.75  # as large as 4:3 lets them be in 16:9
    assert ratio.min() >= 0.745 and ratio.max() <= 1.35
    assert {int(top.min()), int(left.min())} == {0} and (left + width == 320).any()


def test_pictures_may_stay_whole():
    boxes, _ = random_boxes(torch.tensor([30.0, 300.0]), torch.tensor([300.0, 30.0]), noise(2), least=1.0)
    assert boxes.tolist() == [[0, 0, 30, 300], [0, 0, 300, 30]]


def test_boxes_of_pictures_that_no_ratio_fits():
    """A tenth as high as wide: the largest box of 4:3, out of the middle, as torchvision does."""
    boxes, _ = random_boxes(torch.tensor([30.0, 300.0]), torch.tensor([300.0, 30.0]), noise(2))
    assert boxes.tolist() == [[0, 130, 30, 40], [130, 0, 40, 30]]
