"""Speech recognition with timestamps, with any Whisper of transformers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from transformers import AutomaticSpeechRecognitionPipeline, AutoProcessor, WhisperForConditionalGeneration
from transformers.utils import logging

from internvid_assets.models.batching import chunks
from internvid_assets.models.protocols import Utterance
from internvid_assets.models.transformers_loading import load_model, load_part

SAMPLE_RATE = 16_000
ENGLISH = "en"


def load_whisper(source: str, revision: str) -> TransformersWhisper:
    """A Whisper from a folder or a pinned hub id."""
    model = load_model(WhisperForConditionalGeneration, source, revision)
    return TransformersWhisper(model, load_part(AutoProcessor, source, revision))


class TransformersWhisper:
    """Implements `Transcriber` in batches, greedily; with word timestamps if the model defines its alignment heads."""

    def __init__(self, model, processor, *, batch_size: int = 16) -> None:
        self.model, self.processor, self.batch_size = model, processor, batch_size
        config = model.generation_config
        self.is_multilingual = bool(getattr(config, "is_multilingual", False))
        self.times = "word" if getattr(config, "alignment_heads", None) else True
        self.pipeline: Any = AutomaticSpeechRecognitionPipeline(
            model=model, tokenizer=processor.tokenizer, feature_extractor=processor.feature_extractor
        )

    def languages(self, sounds: Sequence[np.ndarray]) -> list[str]:
        if not self.is_multilingual:
            return [ENGLISH] * len(sounds)
        return [language for batch in chunks(sounds, self.batch_size) for language in self._languages(batch)]

    @torch.inference_mode()
    def _languages(self, sounds: Sequence[np.ndarray]) -> list[str]:
        heard = [scaled(sound) for sound in sounds]
        features = self.processor.feature_extractor(heard, sampling_rate=SAMPLE_RATE, return_tensors="pt")
        features = features.input_features.to(self.model.device, self.model.dtype)
        tokens = {token: name for name, token in self.model.generation_config.lang_to_id.items()}
        return [tokens[token].strip("<|>") for token in self.model.detect_language(features).tolist()]

    def transcribe(self, sounds: Sequence[np.ndarray], languages: Sequence[str]) -> list[list[Utterance]]:
        answers: list[list[Utterance]] = [[] for _ in sounds]
        for language in sorted(set(languages)):
            own = [index for index, spoken in enumerate(languages) if spoken == language]
            for batch in chunks(own, self.batch_size):
                for index, answer in zip(batch, self._answers([sounds[i] for i in batch], language), strict=True):
                    answers[index] = utterances(answer["chunks"], seconds=len(sounds[index]) / SAMPLE_RATE)
        return answers

    @torch.inference_mode()
    def _answers(self, sounds: Sequence[np.ndarray], language: str) -> list[Any]:
        asked = {"language": language, "task": "transcribe"} if self.is_multilingual else {}
        heard = [{"raw": scaled(sound), "sampling_rate": SAMPLE_RATE} for sound in sounds]
        options = {"do_sample": False, "num_beams": 1, **asked}
        with _without_warnings():
            return self.pipeline(heard, batch_size=len(heard), return_timestamps=self.times, generate_kwargs=options)


@contextmanager
def _without_warnings() -> Iterator[None]:
    """The pipeline warns at every call about how transformers itself passes on a model's settings."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


def scaled(sound: np.ndarray) -> np.ndarray:
    """int16 samples as float32 from -1 to 1."""
    return sound.astype(np.float32) / 32768


def utterances(chunks: Sequence[dict[str, Any]], *, seconds: float) -> list[Utterance]:
    """The pipeline's chunks within the audio: a model may hallucinate in the silence that pads it to 30 s."""
    bounded = [(one["text"], *(seconds if t is None else min(t, seconds) for t in one["timestamp"])) for one in chunks]
    said = [Utterance(text, start, max(start, end)) for text, start, end in bounded if text.strip()]
    return [utterance for utterance in said if utterance.start_seconds < seconds]
