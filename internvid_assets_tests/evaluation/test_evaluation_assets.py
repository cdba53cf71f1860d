"""The assets on drawn and named videos: rows equal to what the pure measures say, and what does not count."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import polars as pl
import pytest

pytest.importorskip("torch")

from internvid_assets.analytics.assets import marts, published_results
from internvid_assets.cells.errors import UserError
from internvid_assets.evaluation import probing, zero_shot
from internvid_assets.evaluation.assets import evaluation_videos, linear_probe, video_text_retrieval, zero_shot_actions
from internvid_assets.evaluation.retrieval import dual_softmax, retrieval
from internvid_assets.home import Home
from internvid_assets.models.viclip.checkpoint import save_viclip
from internvid_assets.models.viclip.embedding import load_embedding
from internvid_assets.models.viclip.tokens import keep_words
from internvid_assets.sample_world.labelled import LIST_FILE, labelled_scenes, labelled_videos
from internvid_assets.sample_world.scenes import ACTIONS, clip_caption
from internvid_assets.settings import load_settings
from internvid_assets.viclip.clip_weights import viclip_of_clip
from internvid_assets.viclip.launching import clip_folder, publish

ROOT = Path(__file__).parents[2]
SUBSET, VIDEOS = "internvid_10m_flt", 20


def home_of(folder: Path, *overrides: str) -> Home:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("INTERNVID_SETTINGS", str(ROOT / "internvid.toml"))
        own = [f"home={folder}", "profile=sample", "workers=2", f"evaluation.drawn_videos={VIDEOS}"]
        return Home(load_settings([*own, *overrides]))


def materialised(home: Home, *assets: dg.AssetsDefinition, partition: str | None = None) -> dg.ExecuteInProcessResult:
    return dg.materialize(assets, partition_key=partition, resources={"home": home})


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node(asset)
    return {name: value.value for name, value in event.metadata.items()}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    """Evaluated on drawn videos; its checkpoint is what training begins with, with a sense of time out of nowhere."""
    home = home_of(tmp_path_factory.mktemp("home"))
    made = home.path / "checkpoints" / "viclip_checkpoint" / SUBSET / "run" / "training" / "step-00000001"
    model = viclip_of_clip(clip_folder(home))
    model.vision_encoder.temporal_positional_embedding.data.normal_(std=0.3)
    save_viclip(model, made)
    keep_words(clip_folder(home), made)
    publish(home, "viclip_checkpoint", SUBSET, made)
    assert materialised(home, evaluation_videos).success
    return home


@pytest.fixture(scope="module")
def evaluated(home) -> dg.ExecuteInProcessResult:
    return materialised(home, zero_shot_actions, video_text_retrieval, partition=SUBSET)


@pytest.fixture(scope="module")
def vectors(home) -> tuple[np.ndarray, list[str], list[str]]:
    """Of the checkpoint: the drawn videos' vectors, their actions and captions."""
    scenes = labelled_scenes(VIDEOS, seed=0)
    rows = home.lake.scan("evaluation_videos").filter(pl.col("task") == "actions").sort("line").collect()
    assert rows["text"].to_list() == [scene.action for scene in scenes]
    store = home.frames("evaluation")
    embedding = load_embedding(home.path / "checkpoints/viclip_checkpoint" / SUBSET / "run/training/step-00000001")
    videos = embedding.embed_videos([store.images(own) for own in rows["frame_hashes"].to_list()])
    return videos, [scene.action for scene in scenes], [clip_caption(scene) for scene in scenes]


def test_drawn_videos_show_every_action_and_are_told_apart(home):
    rows = home.lake.scan("evaluation_videos").collect()
    assert rows["rejection_reason"].null_count() == rows.height == 2 * VIDEOS
    captions = rows.filter(pl.col("task") == "retrieval")["text"]
    assert captions.n_unique() == VIDEOS and rows.filter(pl.col("task") == "actions")["text"].n_unique() == len(ACTIONS)
    assert rows["frame_hashes"].list.len().to_list() == [8] * rows.height
    assert [clip_caption(scene) for scene in labelled_scenes(5, seed=0)] == captions.to_list()[:5]


def test_actions_are_what_the_measures_say(home, evaluated, vectors):
    assert evaluated.success
    videos, actions, _ = vectors
    classes = sorted(set(actions))
    embedding = load_embedding(home.path / "checkpoints/viclip_checkpoint" / SUBSET / "run/training/step-00000001")
    worded = zero_shot.prompts(classes, zero_shot.templates("bare"))
    texts = embedding.embed_texts([text for own in worded for text in own]).reshape(len(classes), 1, -1)
    labels = np.array([classes.index(action) for action in actions])
    expected = zero_shot.accuracy(zero_shot.class_scores(videos, texts), labels)
    rows = home.lake.scan("zero_shot_actions", SUBSET).collect()
    own = rows.filter(pl.col("checkpoint") == "viclip_checkpoint", pl.col("action") == "all actions")
    found = dict(own.select("measure", "value").iter_rows())
    assert found == {"top_1": expected.top_1, "top_5": expected.top_5, "average": expected.average}
    assert set(rows["checkpoint"]) == {"clip", "viclip_checkpoint"} and set(rows["action"]) == {*ACTIONS, "all actions"}
    each = rows.filter(pl.col("checkpoint") == "clip", pl.col("measure") == "top_1").sort("action")
    assert each["videos"].sum() == 2 * VIDEOS and set(each["actions"]) == {10}
    parts, whole = each.filter(pl.col("action") != "all actions"), each.filter(pl.col("action") == "all actions")
    assert (parts["value"] * parts["videos"]).sum() / VIDEOS == pytest.approx(whole["value"].item())


def test_what_a_run_shows(evaluated):
    shown = metadata(evaluated, "zero_shot_actions")
    assert shown["templates"] == "bare" and "all actions" in shown["preview"]
    for checkpoint in ("clip", "viclip_checkpoint"):
        assert "](data:image/png;base64," in shown[f"confusion_of_{checkpoint}"]
        lines = shown[f"actions_of_{checkpoint}"].splitlines()
        assert lines[0].startswith("| action |") and [line.split(" | ")[0] for line in lines[3:]] == [
            f"| {action}" for action in sorted(ACTIONS)
        ]


def test_a_probe_is_trained_on_some_videos_and_measured_on_others(home, tmp_path):
    """The csv tells: the first video of each action trains, the second ones test, but for three that validate."""
    with (home.path / "sample_world" / "labelled-0" / LIST_FILE).open() as file:
        listed = [
            [home.path / "sample_world" / "labelled-0" / row["path"], row["label"]] for row in csv.DictReader(file)
        ]
    splits = ["train"] * 10 + ["validation"] * 3 + ["test"] * 7
    with (tmp_path / "split.csv").open("w") as file:
        rows = [[*row, split] for row, split in zip(listed, splits, strict=True)]
        csv.writer(file).writerows([("path", "label", "split"), *rows, [*listed[0], "trian"]])
    probed = home_of(
        tmp_path / "home", *named(tmp_path / "split.csv", home.path / "sample_world/labelled-0" / LIST_FILE)
    )
    shutil.copytree(home.path / "checkpoints", probed.path / "checkpoints")
    assert materialised(probed, evaluation_videos).success
    assert rejected(probed, "actions")[-1] == (Path(listed[0][0]).name, "no_such_split")
    shown = metadata(materialised(probed, linear_probe, partition=SUBSET), "linear_probe")
    assert "](data:image/png;base64," in shown["confusion_of_clip"] and "all actions | 7 |" in shown["actions_of_clip"]
    table = probed.lake.scan("linear_probe", SUBSET).collect()
    assert set(table["training_videos"]) == {13} and set(table["actions"]) == {10}
    videos = probed.lake.scan("evaluation_videos").filter(pl.col("split").is_not_null()).sort("line").collect()
    embedding = load_embedding(home.path / "checkpoints/viclip_checkpoint" / SUBSET / "run/training/step-00000001")
    store = probed.frames("evaluation")
    features = embedding.video_features([store.images(own) for own in videos["frame_hashes"].to_list()])
    assert features.shape == (20, embedding.model.sizes.vision_width)
    labels = np.array([sorted(ACTIONS).index(action) for action in videos["text"]])
    told = probed.settings.linear_probe
    found = probing.probe(features, labels, np.array(splits), classes=10, l2s=told.l2s, steps=told.steps)
    expected = zero_shot.accuracy(found.scores, labels[13:])
    own = table.filter(pl.col("checkpoint") == "viclip_checkpoint", pl.col("action") == "all actions")
    assert dict(own.select("measure", "value").iter_rows()) == {
        "top_1": expected.top_1,
        "top_5": expected.top_5,
        "average": expected.average,
    }
    assert set(own["l2"]) == {found.l2} and set(own["validation_top_1"]) == {found.validation_top_1}


def test_retrieval_is_what_the_measures_say(home, evaluated, vectors):
    videos, _, captions = vectors
    embedding = load_embedding(home.path / "checkpoints/viclip_checkpoint" / SUBSET / "run/training/step-00000001")
    scores = videos @ embedding.embed_texts(captions).T
    expected = {
        ("text_to_video", "plain"): retrieval(scores.T),
        ("video_to_text", "plain"): retrieval(scores),
        ("text_to_video", "dual_softmax"): retrieval(dual_softmax(scores.T)),
        ("video_to_text", "dual_softmax"): retrieval(dual_softmax(scores)),
    }
    rows = home.lake.scan("video_text_retrieval", SUBSET).collect()
    own = rows.filter(pl.col("checkpoint") == "viclip_checkpoint")
    found = {(row["direction"], row["ranking"], row["measure"]): row["value"] for row in own.to_dicts()}
    measures = ("recall_at_1", "recall_at_5", "recall_at_10", "median_rank")
    assert found == {(*key, name): getattr(one, name) for key, one in expected.items() for name in measures}
    assert set(own["queries"]) == set(own["candidates"]) == {VIDEOS}
    weights = rows.unique(["checkpoint", "weights"])
    assert weights["weights"].n_unique() == weights.height == 2


def test_subsets_beside_the_papers(home, evaluated):
    (recipes,) = [mart for mart in marts if mart.key.to_user_string() == "training_recipes"]
    assert evaluated.success and materialised(home, published_results).success
    result = materialised(home, recipes)
    made = pl.read_parquet(home.lake.paths("training_recipes")).to_dicts()
    rows = {(row["subset"], row["measure"]): row for row in made}
    own = rows[SUBSET, "top_1"]
    lake = home.lake.scan("zero_shot_actions", SUBSET).collect()
    told = lake.filter(pl.col("measure") == "top_1", pl.col("action") == "all actions")
    values = dict(told.select("checkpoint", "value").iter_rows())
    assert (own["ours"], own["ours_before_training"]) == (values["viclip_checkpoint"], values["clip"])
    assert own["checkpoint"] == "viclip_checkpoint" and own["ours_gained"] == own["ours"] - own["ours_before_training"]
    assert (own["paper"], own["paper_before_training"], own["paper_gained"]) == (60.43, 53.22, 7.21)
    others = {subset for subset, _ in rows}
    assert others == {SUBSET, "internvid_10m", "internvid_50m", "internvid_200m", "internvid_10m_div"}
    assert rows["internvid_10m", "top_1"]["ours"] is None and len(rows) == 5 * 4
    assert "data:image/png" in metadata(result, "training_recipes")["compared"]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """Four videos, and their list."""
    folder = tmp_path_factory.mktemp("drawn")
    labelled_videos(4, seed=7, to=folder)
    return folder


def rejected(home: Home, task: str) -> list[tuple[str, str | None]]:
    rows = home.lake.scan("evaluation_videos").filter(pl.col("task") == task).sort("line").collect()
    return [(Path(row["path"]).name, row["rejection_reason"]) for row in rows.to_dicts()]


def test_named_videos_and_what_does_not_count(drawn, tmp_path):
    with (drawn / LIST_FILE).open() as file:
        good = list(csv.DictReader(file))
    for row in good:
        folder = tmp_path / "actions" / row["label"].replace(" ", "_")
        folder.mkdir(parents=True)
        shutil.copy(drawn / row["path"], folder)
    (folder / "broken.mp4").write_bytes(b"no video")
    captions = tmp_path / "captions.csv"
    first = drawn / good[0]["path"]
    lines = [("path", "caption"), (first, "a"), (first, "b"), (first, "a"), (first, ""), ("gone.mp4", "c")]
    with captions.open("w") as file:
        csv.writer(file).writerows([*lines, (drawn / good[1]["path"], "b")])
    home = home_of(tmp_path / "home", *named(tmp_path / "actions", captions), 'evaluation.checkpoints=["clip"]')
    shown = metadata(materialised(home, evaluation_videos), "evaluation_videos")
    reasons = [reason for _, reason in rejected(home, "retrieval")]
    assert reasons == [None, None, "repeated", "no_text", "no_such_file", None]
    (broken,) = [reason for name, reason in rejected(home, "actions") if name == "broken.mp4"]
    assert broken == "not_a_video" and "not_a_video" in str(shown["rejected"])
    done = materialised(home, zero_shot_actions, video_text_retrieval, partition=SUBSET)
    assert metadata(done, "zero_shot_actions")["templates"] == "plain"
    rows = home.lake.scan("video_text_retrieval", SUBSET).collect()
    counts = {(row["direction"], row["queries"], row["candidates"]) for row in rows.to_dicts()}
    assert counts == {("text_to_video", 2, 2), ("video_to_text", 2, 2)}
    actions = home.lake.scan("zero_shot_actions", SUBSET).collect()
    assert set(actions["action"]) == {"all actions", *(row["label"] for row in good)}


def named(actions: Path, retrieval: Path) -> list[str]:
    return [f"evaluation.actions={str(actions)!r}", f"evaluation.retrieval={str(retrieval)!r}"]


def test_what_cannot_be_evaluated(drawn, tmp_path):
    (tmp_path / "columns.csv").write_text("file,label\n")
    (tmp_path / "empty.csv").write_text("path,label\n")
    for source, told in {
        "absent": "evaluation.actions = .*absent': expected a csv of path and label, or a folder of folders",
        "columns.csv": r"columns.csv: no column path; expected path and label",
        "empty.csv": "lists no videos; expected at least one",
    }.items():
        home = home_of(tmp_path / "home", *named(tmp_path / source, drawn / LIST_FILE))
        with pytest.raises(UserError, match=told):
            materialised(home, evaluation_videos)
    with pytest.raises(UserError, match="no video to evaluate actions on; run: internvid materialize"):
        materialised(home, zero_shot_actions, partition=SUBSET)


def test_a_checkpoint_that_is_not_there(home):
    asked = home_of(home.path, 'evaluation.checkpoints=["viclip_interpolated_checkpoint"]')
    with pytest.raises(UserError, match="no checkpoint viclip_interpolated_checkpoint of internvid_10m_flt; run:"):
        materialised(asked, zero_shot_actions, partition=SUBSET)
