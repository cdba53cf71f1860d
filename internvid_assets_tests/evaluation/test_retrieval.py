"""Retrieval and zero-shot measures against the released code's numbers, and by eye."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("torch")

from safetensors.numpy import load_file

from internvid_assets.cells.errors import UserError
from internvid_assets.evaluation import zero_shot
from internvid_assets.evaluation.retrieval import best_ranks, dual_softmax, retrieval


@pytest.fixture(scope="module")
def told(golden) -> dict[str, np.ndarray]:
    return load_file(golden / "misc_vectors.safetensors")


@pytest.fixture(scope="module")
def metrics(golden) -> dict[str, dict]:
    return json.loads((golden / "retrieval_metrics.json").read_text())["metrics"]


def as_released(video_to_text, text_to_video) -> dict[str, float]:
    """Under the released code's names: percent, with two decimals."""
    both = {"txt": video_to_text, "img": text_to_video}
    found = {f"{name}_r{k}": getattr(one, f"recall_at_{k}") for name, one in both.items() for k in (1, 5, 10)}
    means = {f"{name}_r_mean": sum(found[f"{name}_r{k}"] for k in (1, 5, 10)) / 3 for name in both}
    found |= {**means, "r_mean": sum(means.values()) / 2}
    return {name: round(value, 2) for name, value in found.items()}


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_plain_cosines(told, metrics):
    scores = unit(told["ret.v"]) @ unit(told["ret.t"]).T
    np.testing.assert_allclose(scores, told["ret.sim_v2t"], atol=1e-5)
    np.testing.assert_allclose(scores.T, told["ret.sim_t2v"], atol=1e-5)
    assert as_released(retrieval(scores), retrieval(scores.T)) == metrics["plain"]


def test_dual_softmax(told, metrics):
    scores = told["ret.sim_v2t"]
    forth, back = dual_softmax(scores), dual_softmax(scores.T)
    np.testing.assert_allclose(forth, told["ret.dsl_v2t"], atol=1e-5)
    np.testing.assert_allclose(back, told["ret.dsl_t2v"], atol=1e-5)
    assert as_released(retrieval(forth), retrieval(back)) == metrics["dsl"]


def test_several_texts_of_a_video(told, metrics):
    """A video has found its text when it has found one of its three."""
    scores = unit(told["ret.v_multi"]) @ unit(told["ret.t_multi"]).T
    relevant = np.arange(30)[None] // 3 == np.arange(10)[:, None]
    assert as_released(retrieval(scores, relevant), retrieval(scores.T, relevant.T)) == metrics["multi_text"]


def test_classes_without_training(told, metrics):
    scores = zero_shot.class_scores(unit(told["zs.video"]), unit(told["zs.text_class_prompt_d"]))
    np.testing.assert_allclose(scores, told["zs.scores"], atol=1e-5)
    labels = told["zs.label"]
    found = zero_shot.accuracy(scores, labels)
    assert [found.top_1, found.top_5] == metrics["zero_shot_top1_top5_by_argsort"] and found.average == 57.5
    relevant = labels[:, None] == np.arange(12)
    assert as_released(retrieval(scores, relevant), retrieval(scores.T, relevant.T)) == metrics["zero_shot"]
    table = zero_shot.confusion(scores, labels)
    assert table.sum() == 40 and 100 * np.trace(table) / 40 == 37.5


def test_ranks_by_eye():
    scores = np.array([[0.9, 0.5, 0.1], [0.3, 0.2, 0.8], [0.4, 0.4, 0.4]])
    assert best_ranks(scores, np.eye(3, dtype=bool)).tolist() == [1, 3, 3]  # equals find nothing
    found = retrieval(scores)
    assert (found.queries, round(found.recall_at_1, 2), found.recall_at_5, found.median_rank) == (3, 33.33, 100, 3)
    with pytest.raises(ValueError, match="query 1 has no relevant answer"):
        best_ranks(scores, np.array([[True] * 3, [False] * 3, [True] * 3]))


def test_scores_that_are_all_alike_name_no_class():
    assert zero_shot.accuracy(np.zeros((4, 6)), np.arange(4)).top_5 == 0


@pytest.mark.parametrize("name", ["paper", "plain", "sample_world"])
def test_all_lists_have_sixteen_wordings(name):
    wordings = zero_shot.templates(name)
    assert len(set(wordings)) == 16
    first = wordings[0].replace("{}", "juggling")
    assert zero_shot.prompts(["surfing", "juggling"], wordings)[1][0] == first


def test_templates_of_ones_own(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("a {} of mine\n\n{}\n")
    assert zero_shot.templates(str(file)) == ("a {} of mine", "{}")
    (tmp_path / "wrong.txt").write_text("no place\n")
    with pytest.raises(UserError, match=r"'no place': expected one \{\}"):
        zero_shot.templates(str(tmp_path / "wrong.txt"))
    with pytest.raises(UserError, match=r"templates 'kinetics': expected bare, paper, plain, sample_world, or a file"):
        zero_shot.templates("kinetics")
