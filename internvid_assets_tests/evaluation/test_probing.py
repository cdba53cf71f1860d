"""Linear probes: splits that no machine and no copy of a video changes, and the least loss there is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

pytest.importorskip("torch")

from internvid_assets.cells.errors import UserError
from internvid_assets.evaluation.probing import Shares, _trained, probe, split_of
from internvid_assets.settings import load_settings

SHARES = Shares(validation=0.2, test=0.3)


def drawn(contents: list[str], labels: list[str], told: list[str | None] | None = None, seed: int = 0) -> list[str]:
    shares = Shares(SHARES.validation, SHARES.test, seed)
    return split_of(contents, labels, told or [None] * len(labels), shares).tolist()


@pytest.fixture(scope="module")
def videos() -> tuple[list[str], list[str]]:
    """Forty contents of two actions, ten of them of the second."""
    return [f"content {number}" for number in range(40)], ["jumps"] * 30 + ["falls"] * 10


def test_each_action_is_split_alike(videos):
    contents, labels = videos
    found = drawn(contents, labels)
    for own, count in ((found[:30], 30), (found[30:], 10)):
        assert (own.count("test"), own.count("validation")) == (count * 3 // 10, count // 5)
    assert found != drawn(contents, labels, seed=1)


def test_a_split_does_not_depend_on_the_order_and_copies_stay_together(videos):
    contents, labels = videos
    found = dict(zip(contents, drawn(contents, labels), strict=True))
    turned = drawn([*contents[::-1], contents[0]], [*labels[::-1], labels[0]])
    assert turned[:-1] == [found[content] for content in contents[::-1]] and turned[-1] == found[contents[0]]


def test_what_is_told_stands_and_part_of_the_training_validates(videos):
    contents, labels = videos
    told = ["test" if number % 4 == 0 else "train" for number in range(40)]
    found = drawn(contents, labels, told)
    assert [one == "test" for one in found] == [one == "test" for one in told]
    assert 5 <= found.count("validation") <= 15 and found.count("train") > 10
    told[1] = "validation"
    assert drawn(contents, labels, told) == told


def test_too_few_videos_to_split_are_refused():
    with pytest.raises(UserError, match="no validation videos for a linear probe: expected more of each action"):
        drawn(["a", "b"], ["jumps", "falls"])
    with pytest.raises(UserError, match="no train videos"):
        drawn(["a", "b", "c"], ["jumps", "falls", "falls"], ["test", "test", "validation"])


def features(count: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 3
    return rng.normal(size=(3, 8))[labels].astype(np.float32) + noise * rng.normal(size=(count, 8)), labels


def test_the_loss_is_the_least_that_there_is():
    x, labels = features(60, noise=2)

    def loss(flat: np.ndarray) -> float:
        weight, bias = flat[:24].reshape(3, 8), flat[24:]
        scores = x @ weight.T + bias
        own = scores[np.arange(60), labels]
        return float((np.log(np.exp(scores).sum(axis=1)) - own).mean() + 0.05 / 2 * (weight**2).sum())

    weight, bias = (tensor.numpy() for tensor in _trained(x, labels, 3, 0.05, 1000))
    ours = loss(np.concatenate([weight.ravel(), bias]))
    assert ours == pytest.approx(minimize(loss, np.zeros(27), tol=1e-9).fun, abs=1e-7)


def test_penalties_are_chosen_by_the_videos_that_validate():
    x, labels = features(300, noise=2)
    splits = np.array(["train"] * 30 + ["validation"] * 135 + ["test"] * 135)
    each = {l2: probe(x, labels, splits, classes=3, l2s=[l2], steps=500) for l2 in (1e-6, 1e-1, 1e3)}
    found = probe(x, labels, splits, classes=3, l2s=[*each], steps=500)
    best = max(one.validation_top_1 for one in each.values())
    assert min(one.validation_top_1 for one in each.values()) < best == found.validation_top_1
    assert each[found.l2].validation_top_1 == best and found.l2 != 1e-6
    assert found.scores.shape == (135, 3) and 0.5 < (found.scores.argmax(axis=1) == labels[165:]).mean() < 1
    clear = probe(
        *features(60, noise=0.01), np.repeat(["train", "validation", "test"], 20), classes=3, l2s=[0], steps=9
    )
    assert clear.validation_top_1 == 100


def test_shares_that_leave_nothing_to_train_on_are_refused():
    with pytest.raises(UserError, match=r"validation_share \+ test_share: expected less than 1"):
        load_settings(["linear_probe.validation_share=0.6", "linear_probe.test_share=0.4"])
