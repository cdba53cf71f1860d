"""The interfaces of models: text and numpy arrays in and out, answers in the order of the inputs.

An image is a uint8 array [height, width, 3], RGB. Implementations decide on devices, dtypes and batches.
There may be more images than fit in memory: implementations that take an Iterable read it while the device works.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from pydantic import BaseModel

from internvid_assets.cells.errors import CallError

Image = np.ndarray

Prompt: TypeAlias = Sequence[str | Image]
"""Texts and images, in the order in which the model reads them."""


@dataclass(frozen=True)
class Answer:
    """A model's answer and its metadata; None for what the model does not report.

    `log_probability` is the mean natural log-probability of the text's tokens (0 is certain); `cost_dollars` is at the
    price configured at the time of the request. `tags` are what the model recognised, if that is a separate step.
    """

    text: str
    log_probability: float | None = None
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    cost_dollars: float | None = None
    tags: tuple[str, ...] | None = None


Answers: TypeAlias = Iterator[Mapping[int, Answer | CallError]]
"""Pieces of answers as they arrive: by input position, the answer or the error; every position exactly once.

Inputs are consumed on demand, so there may be more than fit in memory. A piece may be empty.
"""


Talk: TypeAlias = Generator[Prompt, Answer | CallError, Any]
"""A generator that yields a prompt, is sent its answer, yields the next one, and so on; returns its result."""


class FrameCaptioner(Protocol):
    """Captions single images."""

    def caption(self, images: Iterable[Image], *, max_new_tokens: int = 40) -> Answers: ...


class LanguageModel(Protocol):
    """Continues or answers prompts."""

    def generate(self, prompts: Iterable[str], *, max_new_tokens: int = 60) -> Answers: ...


class VisionLanguageModel(Protocol):
    """Answers prompts of texts and any number of images."""

    def answer(
        self, prompts: Iterable[Prompt], *, max_new_tokens: int = 60, structure: type[BaseModel] | None = None
    ) -> Answers:
        """With a `structure`, every text is JSON that it validates. Raises UserError if that is unsupported."""
        ...

    def converse(self, talks: Iterable[Talk], *, max_new_tokens: int = 60) -> Iterator[Mapping[int, Any]]:
        """Many talks at once; pieces with the results of talks by position, as they end."""
        ...


class PhraseExtractor(Protocol):
    """Extracts the actions in captions as phrases of a verb and its object; callers must validate them."""

    def phrases(self, captions: Sequence[str]) -> list[list[str] | CallError]: ...


class Translator(Protocol):
    """Translates texts of any language into the given languages, ISO 639-1 codes."""

    def translate(
        self, texts: Sequence[str], languages: Sequence[str], *, max_new_tokens: int = 60
    ) -> list[str | CallError]: ...


class ClipEmbedder(Protocol):
    """Embeds images and texts into one space: float32 [n, d], rows of unit length."""

    def embed_images(self, images: Iterable[Image]) -> np.ndarray: ...

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray: ...


class VideoEmbedder(Protocol):
    """Embeds videos and texts into one space: float32 [n, d], rows of unit length.

    A video is one or more frames, in temporal order.
    """

    def embed_videos(self, videos: Iterable[Sequence[Image]]) -> np.ndarray: ...

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray: ...


class FrameEmbedder(Protocol):
    """Embeds images so that the cosine measures visual similarity: float32 [n, d], rows of unit length."""

    def embed_images(self, images: Sequence[Image]) -> np.ndarray: ...


class TextEncoder(Protocol):
    """Embeds texts so that the cosine measures semantic similarity: float32 [n, d], rows of unit length."""

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray: ...


class AestheticScorer(Protocol):
    """Aesthetic scores of images: float [n], on the scale of the model."""

    def score(self, images: Iterable[Image]) -> np.ndarray: ...


class FrameScorer(Protocol):
    """The probability that something is in an image, or the fraction of the image it covers: float [n], from 0 to 1."""

    def score(self, images: Iterable[Image]) -> np.ndarray: ...


class SimilarityScorer(Protocol):
    """The similarity of a clip's frames and captions: per clip, cosines [frames, captions].

    A clip comes with several captions, so that its own and reference captions take one pass over its frames.
    Implementations that use one random frame, or all frames jointly, return one row.
    """

    def similarity(self, frames: Iterable[Sequence[Image]], captions: Sequence[Sequence[str]]) -> list[np.ndarray]: ...


@dataclass(frozen=True)
class Utterance:
    """A word, or a phrase if the model has no word timestamps; seconds from the first sample of the audio.

    The text begins with a space if its script puts one between words.
    """

    text: str
    start_seconds: float
    end_seconds: float


class Transcriber(Protocol):
    """Speech recognition. A sound is an int16 array [samples] at 16 kHz, mono, at most 30 s."""

    def languages(self, sounds: Sequence[np.ndarray]) -> list[str]:
        """The language of each sound, as an ISO 639-1 code if it has one."""
        ...

    def transcribe(self, sounds: Sequence[np.ndarray], languages: Sequence[str]) -> list[list[Utterance]]:
        """The utterances of each sound in temporal order, in the given language."""
        ...
