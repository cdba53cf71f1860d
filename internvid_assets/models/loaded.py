"""The adapters of a profile's specs, each loaded once per process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from threading import RLock
from typing import Any

from internvid_assets.models.protocols import (
    AestheticScorer,
    ClipEmbedder,
    FrameCaptioner,
    FrameEmbedder,
    FrameScorer,
    LanguageModel,
    PhraseExtractor,
    SimilarityScorer,
    TextEncoder,
    Transcriber,
    Translator,
    VideoEmbedder,
    VisionLanguageModel,
)
from internvid_assets.models.specs import NOBODY, Capability, ModelSpec


class Models:
    """The adapters of a set of specs, each loaded on first use and shared by the whole process."""

    def __init__(self, specs: Mapping[Capability, ModelSpec]) -> None:
        self.specs = dict(specs)

    @cached_property
    def captioner(self) -> FrameCaptioner:
        return loaded(self.specs["captioner"])

    @cached_property
    def frame_captioner(self) -> FrameCaptioner:
        return loaded(self.specs["frame_captioner"])

    @cached_property
    def vision_language_model(self) -> VisionLanguageModel:
        return loaded(self.specs["vision_language_model"])

    @cached_property
    def language_model(self) -> LanguageModel:
        return loaded(self.specs["language_model"])

    @cached_property
    def summariser(self) -> LanguageModel:
        return loaded(self.specs["summariser"])

    @cached_property
    def phrase_extractor(self) -> PhraseExtractor:
        return loaded(self.specs["phrase_extractor"])

    @cached_property
    def translator(self) -> Translator:
        return loaded(self.specs["translator"])

    @cached_property
    def embedder(self) -> ClipEmbedder:
        return loaded(self.specs["embedder"])

    @cached_property
    def video_embedder(self) -> VideoEmbedder:
        return loaded(self.specs["video_embedder"])

    @cached_property
    def frame_embedder(self) -> FrameEmbedder:
        return loaded(self.specs["frame_embedder"])

    @cached_property
    def text_encoder(self) -> TextEncoder:
        return loaded(self.specs["text_encoder"])

    @cached_property
    def aesthetics(self) -> AestheticScorer:
        return loaded(self.specs["aesthetics"])

    @cached_property
    def similarity(self) -> SimilarityScorer:
        return loaded(self.specs["similarity"])

    @cached_property
    def nsfw(self) -> FrameScorer:
        return loaded(self.specs["nsfw"])

    @cached_property
    def text_area(self) -> FrameScorer:
        return loaded(self.specs["text_area"])

    @cached_property
    def transcriber(self) -> Transcriber:
        return loaded(self.specs["transcriber"])

    def label(self, capability: Capability) -> str:
        """Name and revision as one string, for the column `model`."""
        return "@".join(self.specs[capability].identity)

    def has(self, capability: Capability) -> bool:
        """Whether there is a model; tables for which it is optional otherwise leave its column null."""
        return self.specs[capability].name != NOBODY


_loading = RLock()


def loaded(spec: ModelSpec) -> Any:
    """The adapter of a spec, one per process: capabilities with the same model share its weights."""
    with _loading:
        return _load_once(spec)


@cache
def _load_once(spec: ModelSpec) -> Any:
    return spec.load()
