"""What a stage may ask of a model: plain text and numpy in and out, answers in the order of the questions.

An image is a uint8 array [height, width, 3], RGB. Whoever answers decides on devices, dtypes and batches.
Of pictures there may be more than memory holds: who takes an Iterable asks for them while the device works.
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
"""Texts and pictures in the order in which a model reads them."""


@dataclass(frozen=True)
class Answer:
    """What a model said, and what is known of how: null where the model does not tell.

    `log_probability` is the mean natural log-probability of the text's tokens (0 is certain); `cost_dollars` is at the
    price in the settings when it was asked. `tags` are what the model recognised, where that is a step of its own.
    """

    text: str
    log_probability: float | None = None
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    cost_dollars: float | None = None
    tags: tuple[str, ...] | None = None


Answers: TypeAlias = Iterator[Mapping[int, Answer | CallError]]
"""In pieces, as they come: by the position of each question its answer, or why it has none; every position once.

Questions are taken as there is room for them, so there may be more than memory holds. A piece may be empty: no news.
"""


Talk: TypeAlias = Generator[Prompt, Answer | CallError, Any]
"""Asks a prompt, is sent its answer, asks the next one, and so on; returns what it made of the answers."""


class FrameCaptioner(Protocol):
    """Says what single pictures show."""

    def caption(self, images: Iterable[Image], *, max_new_tokens: int = 40) -> Answers: ...


class LanguageModel(Protocol):
    """Continues or answers prompts."""

    def generate(self, prompts: Iterable[str], *, max_new_tokens: int = 60) -> Answers: ...


class VisionLanguageModel(Protocol):
    """Answers prompts of texts and any number of pictures."""

    def answer(
        self, prompts: Iterable[Prompt], *, max_new_tokens: int = 60, structure: type[BaseModel] | None = None
    ) -> Answers:
        """With a `structure`, every text is JSON that it accepts. Raises UserError from a model that cannot do that."""
        ...

    def converse(self, talks: Iterable[Talk], *, max_new_tokens: int = 60) -> Iterator[Mapping[int, Any]]:
        """Many talks at once; in pieces, as they end, by position what each of them returned."""
        ...


class PhraseExtractor(Protocol):
    """Finds the actions that captions tell of, as phrases of a verb and its object; nothing is promised about them."""

    def phrases(self, captions: Sequence[str]) -> list[list[str] | CallError]: ...


class Translator(Protocol):
    """Words texts of any language in others, each given as an ISO 639-1 code."""

    def translate(
        self, texts: Sequence[str], languages: Sequence[str], *, max_new_tokens: int = 60
    ) -> list[str | CallError]: ...


class ClipEmbedder(Protocol):
    """Maps pictures and texts into one space: float32 [n, d], rows of unit length."""

    def embed_images(self, images: Iterable[Image]) -> np.ndarray: ...

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray: ...


class VideoEmbedder(Protocol):
    """Maps videos and texts into one space: float32 [n, d], rows of unit length.

    A video is one picture or more, in the order of time.
    """

    def embed_videos(self, videos: Iterable[Sequence[Image]]) -> np.ndarray: ...

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray: ...


class FrameEmbedder(Protocol):
    """Maps pictures to vectors of which the cosine says how alike they look: float32 [n, d], rows of unit length."""

    def embed_images(self, images: Sequence[Image]) -> np.ndarray: ...


class TextEncoder(Protocol):
    """Maps texts to vectors of which the cosine says how alike their meanings are: float32 [n, d], of unit length."""

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray: ...


class AestheticScorer(Protocol):
    """Scores how pleasing pictures are: float [n], on the scale of the model."""

    def score(self, images: Iterable[Image]) -> np.ndarray: ...


class FrameScorer(Protocol):
    """Says how likely something is in pictures, or how much of each it takes: float [n], from 0 to 1."""

    def score(self, images: Iterable[Image]) -> np.ndarray: ...


class SimilarityScorer(Protocol):
    """Scores how well the frames of a clip agree with captions: per clip cosines [its frames, its captions].

    A clip comes with several captions so that its own and the ones it is compared with cost one pass over its frames.
    Who draws one of its frames, or sees all at once, answers with one row.
    """

    def similarity(self, frames: Iterable[Sequence[Image]], captions: Sequence[Sequence[str]]) -> list[np.ndarray]: ...


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
