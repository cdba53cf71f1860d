"""Models that follow a prompt: captioning images, extracting phrases from captions, translating."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from internvid_assets.cells.errors import CallError, UserError
from internvid_assets.models.batching import in_order
from internvid_assets.models.protocols import Answers, Image, LanguageModel, VisionLanguageModel

MAX_NEW_TOKENS = 60
"""About six phrases, or one long query."""


def load_phrase_extractor(source: str, revision: str, *, prompt: str) -> InstructedPhrases:
    """`revision` is `<revision of the model>+<hash of the prompt>`; `prompt` is the prompt's file."""
    from internvid_assets.models.transformers_language import load_language_model

    return InstructedPhrases(load_language_model(source, revision.split("+")[0]), Path(prompt).read_text("utf-8"))


def load_translator(source: str, revision: str, *, prompt: str) -> InstructedTranslator:
    """As `load_phrase_extractor`."""
    from internvid_assets.models.transformers_language import load_language_model

    return InstructedTranslator(load_language_model(source, revision.split("+")[0]), Path(prompt).read_text("utf-8"))


class InstructedCaptioner:
    """Implements `FrameCaptioner`: the image first, then the prompt."""

    def __init__(self, model: VisionLanguageModel, prompt: str) -> None:
        self.model, self.prompt = model, prompt.strip()

    def caption(self, images: Iterable[Image], *, max_new_tokens: int = 40) -> Answers:
        return self.model.answer(([image, self.prompt] for image in images), max_new_tokens=max_new_tokens)


class InstructedPhrases:
    """Implements `PhraseExtractor`: phrases separated by lines or semicolons, since T5 writes no line breaks."""

    def __init__(self, model: LanguageModel, template: str) -> None:
        self.model, self.template = model, template

    def phrases(self, captions: Sequence[str]) -> list[list[str] | CallError]:
        prompts = [self.template.replace("{caption}", caption).strip() for caption in captions]
        answers = in_order(self.model.generate(prompts, max_new_tokens=MAX_NEW_TOKENS))
        return [answer if isinstance(answer, CallError) else _parts(answer.text) for answer in answers]


class InstructedTranslator:
    """Implements `Translator`."""

    def __init__(self, model: LanguageModel, template: str) -> None:
        self.model, self.template = model, template

    def translate(
        self, texts: Sequence[str], languages: Sequence[str], *, max_new_tokens: int = MAX_NEW_TOKENS
    ) -> list[str | CallError]:
        prompts = [
            self.template.replace("{language}", language_name(code)).replace("{text}", text).strip()
            for text, code in zip(texts, languages, strict=True)
        ]
        answers = in_order(self.model.generate(prompts, max_new_tokens=max_new_tokens))
        return [answer if isinstance(answer, CallError) else answer.text for answer in answers]


def _parts(answer: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;\n]", answer) if part.strip()]


def language_name(code: str) -> str:
    """The English name of an ISO 639-1 code: de is German."""
    from transformers.models.whisper.tokenization_whisper import LANGUAGES

    if code not in LANGUAGES:
        raise UserError(f"unknown language code {code!r}; expected one of: {', '.join(sorted(LANGUAGES))}")
    return LANGUAGES[code].title()
