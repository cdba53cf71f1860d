"""What every captioner of transformers promises, on the real classes: order, batches, sizes, probabilities, dtypes."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_models import CAPTIONERS, CHAT_MODELS, saved

torch = pytest.importorskip("torch")

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.batching import ahead, batches_by_size, in_order  # noqa: E402
from internvid_assets.models.instructed import InstructedCaptioner  # noqa: E402
from internvid_assets.models.profiles import PROMPTS, model_specs  # noqa: E402
from internvid_assets.models.protocols import Answer, FrameCaptioner, Talk  # noqa: E402
from internvid_assets.models.transformers_captioner import TransformersCaptioner, load_captioner  # noqa: E402
from internvid_assets.models.transformers_vision_language import (  # noqa: E402
    TransformersVisionLanguage,
    load_instructed_captioner,
    load_vision_language_model,
)

KINDS = [*CAPTIONERS, *CHAT_MODELS]
NEW_TOKENS = 5


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, str]:
    """Each model as it lies on a disk. One thread: for so little work more of them only wait for each other."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    kinds = {**CAPTIONERS, **CHAT_MODELS}
    return {kind: saved(make(), tmp_path_factory.mktemp(kind)) for kind, make in kinds.items()}


@pytest.fixture(scope="module")
def prompt(tmp_path_factory) -> str:
    file = tmp_path_factory.mktemp("prompt") / "captioner.txt"
    file.write_text("a red ball")
    return str(file)


@pytest.fixture
def captioner(kind: str, folders, prompt) -> FrameCaptioner:
    if kind in CHAT_MODELS:
        return load_instructed_captioner(folders[kind], "any+prompt", prompt=prompt)
    return load_captioner(folders[kind], "any")


def in_batches_of(captioner, size: int) -> FrameCaptioner:
    if isinstance(captioner, InstructedCaptioner):
        seeing = captioner.model
        return InstructedCaptioner(
            TransformersVisionLanguage(seeing.model, seeing.processor, batch_size=size), captioner.prompt
        )
    return TransformersCaptioner(captioner.model, captioner.processor, batch_size=size)


def pictures() -> list[np.ndarray]:
    """Of five sizes, the largest first."""
    rng = np.random.default_rng(0)
    sizes = [(70, 120), (40, 60), (32, 32), (64, 36), (36, 64), (50, 50), (32, 32)]
    return [rng.integers(256, size=(height, width, 3), dtype=np.uint8) for height, width in sizes]


@pytest.mark.parametrize("kind", KINDS)
def test_captions_do_not_depend_on_their_batch_nor_on_the_day(kind, captioner):
    images = pictures()
    together = in_order(captioner.caption(images, max_new_tokens=NEW_TOKENS))
    again = in_order(captioner.caption(images, max_new_tokens=NEW_TOKENS))
    alone = [in_order(captioner.caption([image], max_new_tokens=NEW_TOKENS))[0] for image in images]
    in_twos = in_order(in_batches_of(captioner, 2).caption(iter(images), max_new_tokens=NEW_TOKENS))
    assert len(together) == len(images) and together == again
    for given, *others in zip(together, alone, in_twos, strict=True):
        assert isinstance(given, Answer) and isinstance(given.text, str)
        assert given.log_probability is not None and given.log_probability <= 0
        for other in others:
            assert other.text == given.text
            assert other.log_probability == pytest.approx(given.log_probability, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_are_told_apart_and_none_are_no_trouble(kind, captioner):
    assert in_order(captioner.caption([])) == []
    answers = in_order(captioner.caption(pictures(), max_new_tokens=NEW_TOKENS))
    assert len({answer.log_probability for answer in answers}) >= 6, "the two of one size are different pictures"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.skipif(not torch.cuda.is_available(), reason="halves are for GPUs")
def test_a_gpu_works_in_halves(kind, captioner):
    model = captioner.model.model if isinstance(captioner, InstructedCaptioner) else captioner.model
    assert model.dtype in (torch.bfloat16, torch.float16)
    assert len(in_order(captioner.caption(pictures(), max_new_tokens=NEW_TOKENS))) == 7


@pytest.mark.parametrize("kind", CHAT_MODELS)
def test_a_chat_model_sees_every_picture_and_the_words_between(kind, folders):
    model, (first, second, *_) = load_vision_language_model(folders[kind], "any"), pictures()
    prompts = [
        ["a", first, "left", second, "right"],
        ["a", second, "left", first, "right"],
        ["a", first, "left", second, "cat"],
        ["a red ball"],
    ]
    answers = in_order(model.answer(prompts, max_new_tokens=NEW_TOKENS))
    assert len({answer.log_probability for answer in answers}) == 4
    for prompt, given in zip(prompts, answers, strict=True):
        (alone,) = in_order(model.answer([prompt], max_new_tokens=NEW_TOKENS))
        assert alone.text == given.text and alone.log_probability == pytest.approx(given.log_probability, abs=1e-4)


@pytest.mark.parametrize("kind", CHAT_MODELS)
def test_talks_are_answered_as_their_prompts_would_be_alone(kind, folders):
    model = load_vision_language_model(folders[kind], "any")

    def talk(images: list[np.ndarray]) -> Talk:
        said = ["a"]
        for image in images:
            answer = yield [image, said[-1]]
            assert isinstance(answer, Answer)
            said.append(f"a red {answer.text}")
        return said

    talks = [pictures()[:3], pictures()[3:4], [], pictures()[4:6]]
    ended = model.converse(map(talk, talks), max_new_tokens=NEW_TOKENS)
    told = {at: said for piece in ended for at, said in piece.items()}
    assert [len(told[at]) - 1 for at in range(4)] == [3, 1, 0, 2]
    for at, images in enumerate(talks):
        for number, image in enumerate(images):
            (alone,) = in_order(model.answer([[image, told[at][number]]], max_new_tokens=NEW_TOKENS))
            assert f"a red {alone.text}" == told[at][number + 1]


def test_a_model_that_cannot_be_told_says_so(folders):
    with pytest.raises(UserError, match="has no chat template"):
        load_vision_language_model(folders["blip"], "any")
    with pytest.raises(UserError, match="profile server"):
        load_vision_language_model(folders["qwen2-vl"], "any").answer([["a"]], structure=object).__next__()


def test_an_instructed_captioner_is_known_by_its_prompt_too(folders):
    chosen = {"name": folders["qwen2-vl"]}
    plain = model_specs("sample", {"captioner": chosen})["captioner"]
    told = model_specs("sample", {"captioner": {**chosen, "adapter": "instructed"}})["captioner"]
    assert told.revision.startswith(f"{plain.revision}+") and dict(told.files) == {
        "prompt": str(PROMPTS / "captioner.txt")
    }
    assert isinstance(told.load(), InstructedCaptioner)


def test_a_batch_holds_neighbours_in_size():
    batches = list(batches_by_size([5, 1, 4, 1, 3], 2, lambda item: item))
    assert batches == [((1, 3), [1, 1]), ((4, 2), [3, 4]), ((0,), [5])]


def test_what_comes_next_is_made_in_advance_and_no_more_than_that():
    made = []

    def making():
        for number in range(10):
            made.append(number)
            yield number

    stream = ahead(making(), 2)
    assert next(stream) == 0
    stream.close()
    assert len(made) <= 4
    assert list(ahead(making(), 2)) == list(range(10))


def test_a_failure_in_advance_comes_in_its_place():
    def failing():
        yield 1
        raise UserError("no more")

    stream = ahead(failing(), 3)
    assert next(stream) == 1
    with pytest.raises(UserError, match="no more"):
        next(stream)
