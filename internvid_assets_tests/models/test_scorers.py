"""What every scorer promises, on real architectures, tiny and untrained, saved and loaded from disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file, save_file  # noqa: E402
from test_transformers_adapters import SQUARE, TEXT, VISION, clip, saved, tokenizer  # noqa: E402
from tiny_models import viclip  # noqa: E402

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.clip_similarity import drawn, load_clip_score, load_similarity  # noqa: E402
from internvid_assets.models.transformers_aesthetics import LinearAesthetics, load_aesthetics, read_head  # noqa: E402
from internvid_assets.models.transformers_clip import load_embedder, unit_rows  # noqa: E402
from internvid_assets.models.umt import Umt, UmtSizes  # noqa: E402
from internvid_assets.models.umt_similarity import load_umt_similarity  # noqa: E402
from internvid_assets.models.viclip.similarity import load_similarity as load_viclip_similarity  # noqa: E402

BERT_WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "ball", "cat", "sits", "left"]
TINY_UMT = UmtSizes(
    image_pixels=224,
    patch_pixels=56,
    vision_width=64,
    vision_layers=2,
    vision_heads=1,
    text_width=64,
    text_layers=2,
    text_heads=1,
    text_mlp_width=32,
    text_positions=32,
    words=len(BERT_WORDS),
    joint_width=8,
)


def umt(folder: Path):
    torch.manual_seed(0)
    weights = Umt(TINY_UMT).state_dict()
    # Untrained biases are 0 and weights near it: every picture would have the same vector.
    torch.save({name: torch.randn_like(one) * 0.3 for name, one in weights.items()}, folder / "umt.pth")
    (folder / "vocab.txt").write_text("\n".join(BERT_WORDS))
    return load_umt_similarity(str(folder / "umt.pth"), "any", tokenizer=str(folder))


def siglip(folder: Path):
    from transformers import SiglipConfig, SiglipModel, SiglipProcessor
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    torch.manual_seed(0)
    text = {**TEXT, "max_position_embeddings": 16, "projection_size": 16}
    config = SiglipConfig(text_config=text, vision_config=VISION)
    image = SiglipImageProcessorPil(size=SQUARE["size"])
    return load_similarity(saved((SiglipModel(config), SiglipProcessor(image, tokenizer(starts=False))), folder), "any")


SIMILARITY = {
    "umt": umt,
    "clip": lambda folder: load_similarity(clip(folder), "any"),
    "siglip": siglip,
    "clip_score": lambda folder: load_clip_score(clip(folder), "any"),
    "viclip": lambda folder: load_viclip_similarity(viclip(folder), "any", tokenizer=str(folder)),
}
ONE_ROW = ("clip_score", "viclip")
"""One draws a frame, one sees all of them at once."""
CAPTIONS = [["a red ball", "A cat sits, left!", "a cat"], ["a cat"], ["left " * 40, "a red ball"], ["ball"], ["a cat"]]


@pytest.fixture(scope="module")
def clips() -> list[list[np.ndarray]]:
    """4 frames, a single frame, none, 4 of another size, 3."""
    rng = np.random.default_rng(0)
    sizes = [(4, 40, 60), (1, 32, 32), (0, 8, 8), (4, 64, 36), (3, 50, 50)]
    return [list(rng.integers(256, size=(*size, 3), dtype=np.uint8)) for size in sizes]


@pytest.fixture(scope="module", params=SIMILARITY)
def named(request, tmp_path_factory):
    torch.manual_seed(0)
    return request.param, SIMILARITY[request.param](tmp_path_factory.mktemp("models"))


@pytest.fixture
def scorer(named):
    return named[1]


def test_cosines_of_every_frame_with_every_caption_of_its_clip(named, clips):
    name, scorer = named
    cosines = scorer.similarity(clips, CAPTIONS)
    frames = [min(len(clip), 1) if name in ONE_ROW else len(clip) for clip in clips]
    assert [own.shape for own in cosines] == list(zip(frames, map(len, CAPTIONS), strict=True))
    assert all(own.dtype == np.float32 for own in cosines)
    assert all((abs(own) <= 1 + 1e-5).all() for own in cosines)
    assert np.ptp(cosines[0]) > 0, "whatever it is asked, it says the same"


def test_a_score_depends_on_its_clip_alone(scorer, clips):
    together = scorer.similarity(clips, CAPTIONS)
    again = scorer.similarity(clips[::-1], CAPTIONS[::-1])[::-1]
    alone = [scorer.similarity([clip], [told])[0] for clip, told in zip(clips, CAPTIONS, strict=True)]
    for first, second, third in zip(together, again, alone, strict=True):
        assert first == pytest.approx(second, abs=1e-5)
        assert first == pytest.approx(third, abs=1e-5)
    assert scorer.similarity([], []) == []


def test_the_same_question_has_the_same_answer(scorer, clips):
    for first, second in zip(*(scorer.similarity(clips, CAPTIONS) for _ in range(2)), strict=True):
        assert np.array_equal(first, second)


def test_one_frame_is_drawn_by_what_the_frames_show(clips):
    """Whatever their order; and over many clips each place is drawn about as often."""
    frames = clips[0]
    assert np.array_equal(drawn(frames)[0], drawn(frames[::-1])[0])
    rng = np.random.default_rng(1)
    many = [list(rng.integers(256, size=(4, 2, 2, 3), dtype=np.uint8)) for _ in range(400)]
    places = [next(i for i, frame in enumerate(clip) if frame is drawn(clip)[0]) for clip in many]
    assert min(np.bincount(places, minlength=4)) > 60


def test_a_tokenizer_with_words_that_umt_does_not_know_is_refused(tmp_path):
    umt(tmp_path)
    (tmp_path / "vocab.txt").write_text("\n".join([*BERT_WORDS, "more"]))
    with pytest.raises(UserError, match=r"has 12 tokens: expected at most the 11 .* models\.similarity\.tokenizer"):
        load_umt_similarity(str(tmp_path / "umt.pth"), "any", tokenizer=str(tmp_path))


def v2_layers(state: dict, prefix: str = "state.") -> dict:
    return {name.removeprefix(prefix): one for name, one in state.items() if name.startswith(prefix)}


class Vectors:
    """A CLIP that has embedded its pictures already."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.vectors = vectors

    def embed_images(self, images) -> np.ndarray:
        return self.vectors


@pytest.mark.parametrize(
    ("head", "expected"),
    [("state_laion_v1_vit_l_14.", "out.score_laion_v1_vit_l_14"), ("state.", "out.score_random_init")],
)
def test_both_of_laions_heads_score_as_their_own_code(head, expected, golden, tmp_path):
    """V1 with its published weights, V2 with random ones."""
    told = load_file(golden / "aesthetic_head.safetensors")
    save_file(v2_layers(told, head), tmp_path / "head.safetensors")
    weight, bias = read_head(tmp_path / "head.safetensors")
    scores = LinearAesthetics(Vectors(told["in.clip_embed_normed"].numpy()), weight, bias).score([])
    assert scores == pytest.approx(told[expected][:, 0].numpy(), abs=1e-5)


def test_vectors_are_normalised_as_laions_code_does(golden):
    told = load_file(golden / "aesthetic_head.safetensors")
    assert unit_rows(told["in.clip_embed_raw"]) == pytest.approx(told["in.clip_embed_normed"].numpy(), abs=1e-6)


def test_a_head_of_five_layers_scores_each_picture_for_itself(tmp_path, clips):
    sizes = {"0": (6, 8), "2": (5, 6), "4": (4, 5), "6": (3, 4), "7": (1, 3)}
    torch.manual_seed(0)
    head = {f"layers.{i}.weight": torch.randn(size) for i, size in sizes.items()}
    head |= {f"layers.{i}.bias": torch.randn(size[0]) for i, size in sizes.items()}
    torch.save(head, tmp_path / "linearMSE.pth")
    folder = clip(tmp_path / "clip")
    scorer = load_aesthetics(folder, "any+head", head=str(tmp_path / "linearMSE.pth"))
    images = clips[0] + clips[3]
    x = torch.from_numpy(load_embedder(folder, "any").embed_images(images))
    for i in sizes:
        x = torch.nn.functional.linear(x, head[f"layers.{i}.weight"], head[f"layers.{i}.bias"])
    assert scorer.score(images) == pytest.approx(x[:, 0].numpy(), abs=1e-4)
    assert scorer.score(images[:1]) == pytest.approx(scorer.score(images)[:1], abs=1e-5)
    assert scorer.score([]).shape == (0,)
