"""The shipped models on scenes nobody trained on: drawn at 360p, stored as JPEG, read by the adapters that runs use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from internvid_assets.captions.fusion import fusion_prompt
from internvid_assets.models.batching import in_order
from internvid_assets.models.loaded import Models
from internvid_assets.models.profiles import SAMPLE_WEIGHTS, model_specs
from internvid_assets.sample_world import drawing, scenes
from internvid_assets.sample_world.scenes import Scene

UNSEEN_SEED = 20_231
SCENES = 160


@dataclass
class Clip:
    scene: Scene
    center: np.ndarray
    per_second: list[np.ndarray]


@pytest.fixture(scope="module")
def models() -> Models:
    return Models(model_specs("sample"))


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    rng = np.random.default_rng(UNSEEN_SEED)
    return [clip_of(scenes.random_scene(rng)) for _ in range(SCENES)]


def clip_of(scene: Scene) -> Clip:
    count = max(1, round(scene.duration_seconds))
    seconds = [(i + 0.5) * scene.duration_seconds / count for i in range(count)]
    return Clip(scene, stored_frame(scene, scene.duration_seconds / 2), [stored_frame(scene, t) for t in seconds])


def stored_frame(scene: Scene, seconds: float) -> np.ndarray:
    """A 640 x 360 frame as the frame store keeps it: short side 256, JPEG quality 90."""
    import cv2

    small = cv2.resize(drawing.draw(scene, seconds, 640, 360), (455, 256), interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR))[:, :, ::-1])


@pytest.fixture(scope="module")
def center_captions(models, clips) -> list[str]:
    return [caption.text for caption in in_order(models.captioner.caption(clip.center for clip in clips))]


@pytest.fixture(scope="module")
def fused_captions(models, clips, center_captions) -> list[str]:
    images = [image for clip in clips for image in clip.per_second]
    texts = iter(caption.text for caption in in_order(models.frame_captioner.caption(images)))
    frames = [[next(texts) for _ in clip.per_second] for clip in clips]
    prompts = [fusion_prompt(c, f) for c, f in zip(center_captions, frames, strict=True)]
    return [answer.text for answer in in_order(models.language_model.generate(prompts))]


def share(hits: list[bool]) -> float:
    return sum(hits) / len(hits)


def test_centre_captions_name_object_and_colour(clips, center_captions):
    wanted = [f"{clip.scene.colour} {clip.scene.object}" for clip in clips]
    assert share([thing in text for thing, text in zip(wanted, center_captions, strict=True)]) >= 0.9


def test_fused_captions_name_the_action(clips, fused_captions):
    assert share([f" {c.scene.action} " in text for c, text in zip(clips, fused_captions, strict=True)]) >= 0.75


def test_fused_captions_name_object_and_colour(clips, fused_captions):
    wanted = [f"{clip.scene.colour} {clip.scene.object}" for clip in clips]
    assert share([thing in text for thing, text in zip(wanted, fused_captions, strict=True)]) >= 0.9


def test_true_pairs_are_more_similar_than_shuffled_ones(models, clips, fused_captions):
    frames = [clip.per_second for clip in clips]
    pairs = [[own, other] for own, other in zip(fused_captions, fused_captions[1:] + fused_captions[:1], strict=True)]
    true, shuffled = np.array([cosines.mean(0) for cosines in models.similarity.similarity(frames, pairs)]).T
    assert np.mean(true[:, None] > shuffled[None, :]) >= 0.9  # the area under the ROC curve


def test_a_clip_is_found_by_its_true_caption(models, clips):
    videos = np.stack([models.embedder.embed_images(clip.per_second).mean(0) for clip in clips])
    texts = models.embedder.embed_texts([scenes.clip_caption(clip.scene) for clip in clips])
    cosines = texts @ (videos / np.linalg.norm(videos, axis=1, keepdims=True)).T  # [texts, videos]
    rank = (cosines > np.diagonal(cosines)[:, None]).sum(axis=1)
    assert share(list(rank < 5)) >= 0.75


def test_aesthetic_scores_order_frames_as_the_world_does(models, clips):
    scores = models.aesthetics.score([clip.center for clip in clips])
    truth = np.array([drawing.aesthetic(clip.scene) for clip in clips])
    ranks = np.argsort(np.argsort(scores)), np.argsort(np.argsort(truth))
    assert np.corrcoef(*ranks)[0, 1] >= 0.8


def test_all_weights_fit_in_ten_megabytes_and_are_safetensors():
    files = [path for path in Path(SAMPLE_WEIGHTS).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 10_000_000
    assert {path.suffix for path in files} <= {".safetensors", ".json", ".jinja"}


def test_the_training_script_makes_what_the_adapters_load(tmp_path, monkeypatch):
    from internvid_assets.models.transformers_aesthetics import load_aesthetics
    from internvid_assets.models.transformers_captioner import load_captioner
    from internvid_assets.models.transformers_language import load_language_model
    from internvid_assets.sample_world import train_captioner
    from internvid_assets.sample_world.train_clip import train_aesthetics, train_clip
    from internvid_assets.sample_world.train_data import pictures, random_moments
    from internvid_assets.sample_world.train_language import train_language_model

    monkeypatch.setattr(train_captioner, "UNSEEN", 32)
    moments = random_moments(64, seed=1)
    images = pictures(moments, seed=1)
    captioner = train_captioner.train_captioner(moments, images, tmp_path / "captioner", epochs=1, seed=1)
    clip = train_clip(moments, images, captioner, tmp_path / "clip", steps=2, seed=1)
    train_aesthetics(moments, images, clip, tmp_path / "aesthetic")
    train_language_model(tmp_path / "language_model", steps=2, seed=1)

    head = tmp_path / "aesthetic" / "model.safetensors"
    assert load_aesthetics(str(tmp_path / "clip"), "new", head=str(head)).score(images[:2]).shape == (2,)
    captioner = load_captioner(str(tmp_path / "captioner"), "new")
    assert len(in_order(captioner.caption(images[:2], max_new_tokens=3))) == 2
    language_model = load_language_model(str(tmp_path / "language_model"), "new")
    assert len(in_order(language_model.generate(["x"], max_new_tokens=3))) == 1
