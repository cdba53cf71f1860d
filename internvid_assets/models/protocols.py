"""What a stage may ask of a model: plain text and numpy in and out, answers in the order of the questions.

An image is a uint8 array [height, width, 3], RGB. Whoever answers decides on devices, dtypes and batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

Image = np.ndarray


@dataclass(frozen=True)
class Caption:
    """What a picture shows, and the mean natural log-probability of the words' tokens (0 is certain)."""

    text: str
    log_probability: float


class FrameCaptioner(Protocol):
    """Says what single pictures show."""

    def caption(self, images: Sequence[Image], *, max_new_tokens: int = 40) -> list[Caption]: ...


class LanguageModel(Protocol):
    """Continues or answers prompts."""

    def generate(self, prompts: Sequence[str], *, max_new_tokens: int = 60) -> list[str]: ...


class PhraseExtractor(Protocol):
    """Finds the actions that captions tell of, as phrases of a verb and its object; nothing is promised about them."""

    def phrases(self, captions: Sequence[str]) -> list[list[str]]: ...


class Translator(Protocol):
    """Words texts of any language in others, each given as an ISO 639-1 code."""

    def translate(self, texts: Sequence[str], languages: Sequence[str], *, max_new_tokens: int = 60) -> list[str]: ...


class ClipEmbedder(Protocol):
    """Maps pictures and texts into one space: float32 [n, d], rows of unit length."""

    def embed_images(self, images: Sequence[Image]) -> np.ndarray: ...

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray: ...


class AestheticScorer(Protocol):
    """Scores how pleasing pictures are: float [n], on the scale of the model."""

    def score(self, images: Sequence[Image]) -> np.ndarray: ...


class FrameScorer(Protocol):
    """Says how likely something is in pictures, or how much of each it takes: float [n], from 0 to 1."""

    def score(self, images: Sequence[Image]) -> np.ndarray: ...


class SimilarityScorer(Protocol):
    """Scores how well the frames of a clip agree with captions: per clip cosines [its frames, its captions].

    A clip comes with several captions so that its own and the ones it is compared with cost one pass over its frames.
    """

    def similarity(self, frames: Sequence[Sequence[Image]], captions: Sequence[Sequence[str]]) -> list[np.ndarray]: ...


@dataclass(frozen=True)
class Utterance:
    """A word, or a phrase where the model times no words; seconds count from the sound's first sample.

    The text begins with a space where its script puts one between words.
    """

    text: str
    start_seconds: float
    end_seconds: float


class Transcriber(Protocol):
    """Writes down speech. A sound is an int16 array [samples] at 16 kHz, one channel, at most 30 s."""

    def languages(self, sounds: Sequence[np.ndarray]) -> list[str]:
        """The language of each sound, as an ISO 639-1 code where there is one."""
        ...

    def transcribe(self, sounds: Sequence[np.ndarray], languages: Sequence[str]) -> list[list[Utterance]]:
        """What is said in each sound, in time order, in the sound's language."""
        ...
