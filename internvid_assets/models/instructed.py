"""A language model that is told what to do by a prompt: it finds phrases in captions, and translates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from transformers.models.whisper.tokenization_whisper import LANGUAGES

from internvid_assets.cells.errors import UserError
from internvid_assets.models.protocols import LanguageModel
from internvid_assets.models.transformers_language import load_language_model

MAX_NEW_TOKENS = 60
"""Some six phrases, or one long query."""


def load_phrase_extractor(source: str, revision: str, *, prompt: str) -> InstructedPhrases:
    """`revision` is `<revision of the model>+<hash of the prompt>`; `prompt` is the prompt's file."""
    return InstructedPhrases(load_language_model(source, revision.split("+")[0]), Path(prompt).read_text("utf-8"))


def load_translator(source: str, revision: str, *, prompt: str) -> InstructedTranslator:
    """As `load_phrase_extractor`."""
    return InstructedTranslator(load_language_model(source, revision.split("+")[0]), Path(prompt).read_text("utf-8"))


class InstructedPhrases:
    """Answers `PhraseExtractor`: one phrase per line or between semicolons, since T5 writes no line breaks."""

    def __init__(self, model: LanguageModel, template: str) -> None:
        self.model, self.template = model, template

    def phrases(self, captions: Sequence[str]) -> list[list[str]]:
        prompts = [self.template.replace("{caption}", caption).strip() for caption in captions]
        answers = self.model.generate(prompts, max_new_tokens=MAX_NEW_TOKENS)
        return [[part.strip() for part in re.split(r"[;\n]", answer) if part.strip()] for answer in answers]


class InstructedTranslator:
    """Answers `Translator`."""

    def __init__(self, model: LanguageModel, template: str) -> None:
        self.model, self.template = model, template

    def translate(
        self, texts: Sequence[str], languages: Sequence[str], *, max_new_tokens: int = MAX_NEW_TOKENS
    ) -> list[str]:
        prompts = [
            self.template.replace("{language}", language_name(code)).replace("{text}", text).strip()
            for text, code in zip(texts, languages, strict=True)
        ]
        return self.model.generate(prompts, max_new_tokens=max_new_tokens)


def language_name(code: str) -> str:
    """The English name of an ISO 639-1 code: de is German."""
    if code not in LANGUAGES:
        raise UserError(f"no language has the code {code!r}; known ones: {', '.join(sorted(LANGUAGES))}")
    return LANGUAGES[code].title()
