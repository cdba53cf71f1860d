"""Unsafe pictures and text in them: what both scorers promise, on real architectures, untrained, loaded from disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from test_transformers_adapters import SQUARE, VISION, saved  # noqa: E402

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.transformers_nsfw import load_nsfw  # noqa: E402
from internvid_assets.models.transformers_text_area import load_text_detector, prepared  # noqa: E402


def classifier(folder: Path, labels: tuple[str, ...]) -> str:
    from transformers import ViTConfig, ViTForImageClassification
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    config = ViTConfig(
        **VISION, id2label=dict(enumerate(labels)), label2id={label: i for i, label in enumerate(labels)}
    )
    return saved((ViTForImageClassification(config), ViTImageProcessorPil(size=SQUARE["size"])), folder)


def nsfw(folder: Path):
    return load_nsfw(classifier(folder, ("normal", "NSFW")), "any")


def text_area(folder: Path):
    from transformers import PPOCRV5MobileDetConfig, PPOCRV5MobileDetForObjectDetection

    model = PPOCRV5MobileDetForObjectDetection(PPOCRV5MobileDetConfig())
    with torch.no_grad():  # as it is made, it gives every pixel one half
        for weights in model.parameters():
            weights.normal_(std=0.2)
    return load_text_detector(saved((model,), folder), "any")


@pytest.fixture(scope="module", params=[nsfw, text_area], ids=["nsfw", "text_area"])
def scorer(request, tmp_path_factory):
    torch.manual_seed(0)
    return request.param(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(256, size=(*size, 3), dtype=np.uint8) for size in ((40, 60), (32, 32), (64, 36))]


def test_each_picture_has_a_share_of_its_own(scorer, pictures):
    scores = scorer.score(pictures)
    assert (scores.shape, scores.dtype) == ((3,), np.float32)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert len(set(scores.tolist())) > 1, "whatever it is shown, it says the same"
    assert np.array_equal(scorer.score(pictures), scores)
    alone = np.concatenate([scorer.score([picture]) for picture in pictures])
    assert alone == pytest.approx(scores, abs=1e-5)
    assert scorer.score([]).shape == (0,)


def test_all_unsafe_classes_count_together(tmp_path, pictures):
    torch.manual_seed(0)
    folder = classifier(tmp_path, ("drawings", "hentai", "neutral", "porn", "sexy"))
    together = load_nsfw(folder, "any")
    safe = load_nsfw(folder, "any")
    safe.unsafe = [0, 2]
    assert together.score(pictures) + safe.score(pictures) == pytest.approx(1, abs=1e-5)


def test_a_classifier_of_something_else_is_refused(tmp_path):
    with pytest.raises(UserError, match="with classes cat, dog: expected a classifier with some of the"):
        load_nsfw(classifier(tmp_path, ("cat", "dog")), "any")


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(256, 455, (256, 448)), (1080, 1920, (544, 960)), (10, 10, (32, 32)), (455, 256, (448, 256))],
)
def test_pictures_are_made_fit_for_the_detector(height, width, expected):
    assert tuple(prepared(np.zeros((height, width, 3), np.uint8)).shape) == (3, *expected)


def test_colours_are_in_the_order_the_detector_was_trained_in():
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 255
    assert prepared(red)[:, 0, 0].tolist() == pytest.approx([-0.485 / 0.229, -0.456 / 0.224, (1 - 0.406) / 0.225])
