"""Both Whisper adapters on an untrained Whisper: languages, times inside the sound, batches, errors."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).parents[1] / "transcripts"))

from tiny_whisper import LANGUAGES, one_thread, save_tiny_whisper

from internvid_assets.cells.errors import UserError
from internvid_assets.models.faster_whisper import load_faster_whisper
from internvid_assets.models.protocols import Utterance
from internvid_assets.models.transformers_whisper import TransformersWhisper, load_whisper, utterances

needs_faster_whisper = pytest.mark.skipif(
    importlib.util.find_spec("faster_whisper") is None, reason="the extra `asr` is not installed"
)


@pytest.fixture(autouse=True, scope="module")
def in_one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_whisper(tmp_path_factory.mktemp("models") / "whisper")


@pytest.fixture(scope="module")
def sounds() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [(rng.standard_normal(16_000 * seconds) * 3000).astype(np.int16) for seconds in (3, 5, 1)]


def assert_inside(answers: list[list[Utterance]], sounds: list[np.ndarray]) -> None:
    assert len(answers) == len(sounds) and any(answers)
    for answer, sound in zip(answers, sounds, strict=True):
        seconds = len(sound) / 16_000
        assert all(0 <= one.start_seconds <= one.end_seconds <= seconds and one.text.strip() for one in answer)


@pytest.mark.parametrize("with_word_times", [True, False])
def test_speech_is_timed_inside_its_sound_whatever_the_batch(with_word_times: bool, tmp_path, sounds):
    whisper = load_whisper(str(save_tiny_whisper(tmp_path, with_word_times=with_word_times)), "any")
    languages = ["en", "zh", "en"]
    answers = whisper.transcribe(sounds, languages)
    assert_inside(answers, sounds)
    one_by_one = TransformersWhisper(whisper.model, whisper.processor, batch_size=1)
    texts = [
        ["".join(one.text for one in answer) for answer in told]
        for told in (answers, one_by_one.transcribe(sounds, languages))
    ]
    assert texts[0] == texts[1]
    assert whisper.transcribe([], []) == []


def test_a_language_is_one_of_the_models(folder, sounds):
    whisper = load_whisper(str(folder), "any")
    assert set(whisper.languages(sounds)) <= set(LANGUAGES)
    assert whisper.languages([]) == []
    whisper.is_multilingual = False
    assert whisper.languages(sounds) == ["en"] * 3


CHUNKS = [
    ((0.0, 1.0), (0.0, 1.0)),
    ((1.5, None), (1.5, 2.0)),
    ((1.5, 7.0), (1.5, 2.0)),
    ((1.5, 1.0), (1.5, 1.5)),
    ((2.0, 3.0), None),
    ((None, None), None),
]


@pytest.mark.parametrize(("told", "expected"), CHUNKS)
def test_what_lies_behind_the_sound_was_not_said_in_it(told, expected):
    found = utterances([{"text": " word", "timestamp": told}], seconds=2.0)
    assert [(one.start_seconds, one.end_seconds) for one in found] == ([expected] if expected else [])
    assert utterances([{"text": " ", "timestamp": (0.0, 1.0)}], seconds=2.0) == []


@needs_faster_whisper
def test_faster_whisper_answers_alike(folder, sounds, tmp_path):
    from ctranslate2.converters import TransformersConverter

    converted = TransformersConverter(str(folder), copy_files=["tokenizer.json"]).convert(str(tmp_path / "ct2"))
    whisper = load_faster_whisper(converted, "any")
    assert whisper.languages(sounds) == ["en"] * 3  # CTranslate2 knows a multilingual model by its 51865 words
    assert len(whisper.transcribe(sounds, ["en"] * 3)) == 3  # untrained, it is too unsure of any word to tell it


@needs_faster_whisper
def test_a_folder_in_another_format_is_refused_on_one_line(folder):
    with pytest.raises(UserError, match="expected a Whisper in CTranslate2's format") as caught:
        load_faster_whisper(str(folder), "any")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(importlib.util.find_spec("faster_whisper") is not None, reason="the extra `asr` is installed")
def test_a_missing_library_names_the_extra(folder):
    with pytest.raises(UserError, match=r"install internvid-assets\[asr\]"):
        load_faster_whisper(str(folder), "any")
