"""Answers to texts and images with any vision-language chat model of transformers: Qwen2-VL, Qwen2.5-VL, Qwen3-VL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoProcessor

from internvid_assets.cells.errors import UserError
from internvid_assets.models.batching import WINDOW_BATCHES, ahead, batches_by_size
from internvid_assets.models.instructed import InstructedCaptioner
from internvid_assets.models.protocols import Answers, Prompt, Talk
from internvid_assets.models.talks import in_waves
from internvid_assets.models.transformers_decoding import GreedyDecoder
from internvid_assets.models.transformers_loading import load_model, load_part


def load_instructed_captioner(source: str, revision: str, *, prompt: str) -> InstructedCaptioner:
    """`revision` is `<revision of the model>+<hash of the prompt>`; `prompt` is the prompt's file."""
    model = load_vision_language_model(source, revision.split("+")[0])
    return InstructedCaptioner(model, Path(prompt).read_text("utf-8"))


@cache
def load_vision_language_model(source: str, revision: str) -> TransformersVisionLanguage:
    """A chat model from a folder or a pinned hub id; raises UserError if it has no chat template."""
    if find_spec("torchvision") is None:
        raise UserError(
            "adapter instructed needs torchvision for the model's videos: install internvid-assets[vision-language]"
        )
    processor = load_part(AutoProcessor, source, revision)
    processor.image_processor = load_part(AutoImageProcessor, source, revision, backend="pil")  # as in `load_captioner`
    if not getattr(processor, "chat_template", None):
        raise UserError(f"{source} has no chat template, so it cannot follow a prompt: remove the adapter setting")
    return TransformersVisionLanguage(load_model(AutoModelForImageTextToText, source, revision), processor)


class TransformersVisionLanguage:
    """Implements `VisionLanguageModel` and `LanguageModel` with greedy decoding, in batches of similar size.

    The next batch is prepared while the model works.
    """

    def __init__(self, model, processor, *, batch_size: int = 16) -> None:
        self.model, self.processor, self.batch_size = model, processor, batch_size
        self.processor.tokenizer.padding_side = "left"  # answers continue prompts, which must not end in padding
        self.decoder = GreedyDecoder(model, processor)

    def answer(
        self, prompts: Iterable[Prompt], *, max_new_tokens: int = 60, structure: type[BaseModel] | None = None
    ) -> Answers:
        if structure is not None:
            raise UserError("transformers does not support structured output: use a server (profile server)")
        for positions, inputs in ahead(self._batches(prompts)):
            yield dict(zip(positions, self.decoder.answers(inputs, max_new_tokens), strict=True))

    def generate(self, prompts: Iterable[str], *, max_new_tokens: int = 60) -> Answers:
        return self.answer(([prompt] for prompt in prompts), max_new_tokens=max_new_tokens)

    def converse(self, talks: Iterable[Talk], *, max_new_tokens: int = 60) -> Iterator[Mapping[int, Any]]:
        asked = partial(self.answer, max_new_tokens=max_new_tokens)
        return in_waves(asked, talks, at_once=self.batch_size * WINDOW_BATCHES)

    def _batches(self, prompts: Iterable[Prompt]) -> Iterator[tuple[Sequence[int], Any]]:
        for positions, batch in batches_by_size(prompts, self.batch_size, _size):
            chats = [[{"role": "user", "content": [_part(part) for part in prompt]}] for prompt in batch]
            texts = self.processor.apply_chat_template(chats, tokenize=False, add_generation_prompt=True)
            images = [part for prompt in batch for part in prompt if not isinstance(part, str)]
            yield positions, self.processor(text=texts, images=images or None, padding=True, return_tensors="pt")


def _size(prompt: Prompt) -> tuple[int, int]:
    """Number of pixels, then of characters: a proxy for the number of tokens."""
    pixels = sum(part.size for part in prompt if not isinstance(part, str))
    return pixels, sum(len(part) for part in prompt if isinstance(part, str))


def _part(part: Any) -> dict[str, str]:
    return {"type": "text", "text": part} if isinstance(part, str) else {"type": "image"}
