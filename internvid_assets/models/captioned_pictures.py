"""The sample world's captioner and language model in place of a vision-language model; they ignore instructions.

Each image gets a caption, and consecutive captions are fused into a description of events: the two can do no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from internvid_assets.cells.errors import CallError, UserError
from internvid_assets.language.sequences import in_order_of_time, thinned
from internvid_assets.media.grids import cells_of
from internvid_assets.models.batching import in_order
from internvid_assets.models.protocols import Answer, Answers, FrameCaptioner, Image, LanguageModel, Prompt, Talk
from internvid_assets.models.talks import in_waves

Asked = TypeVar("Asked")
Said = Answer | CallError

AT_ONCE = 64
TIMED_LINE = re.compile(r"^\[[0-9.]+ s\] (.+)$", re.MULTILINE)
NOW = "; now "
"""Separates what happened since the previous image from what the last image shows."""
MOST_CAPTIONS = 16


def load_captioned_pictures(source: str, revision: str, *, language_model: str, prompt: str) -> CaptionedPictures:
    """`source` and `language_model` are folders, `prompt` the file with the prompt the latter was trained with."""
    from internvid_assets.models.transformers_captioner import load_captioner
    from internvid_assets.models.transformers_language import load_language_model

    words = Path(prompt).read_text("utf-8").strip()
    return CaptionedPictures(load_captioner(source, revision), load_language_model(language_model, revision), words)


class CaptionedPictures:
    """Implements `VisionLanguageModel` and `LanguageModel`.

    One image: its caption. A strip or grid: the events in its cells. Two images: the events, and the caption of the
    last one. A text: the events in its lines that begin with a time.
    """

    def __init__(self, captioner: FrameCaptioner, language_model: LanguageModel, words: str) -> None:
        self.captioner, self.language_model, self.words = captioner, language_model, words

    def answer(
        self, prompts: Iterable[Prompt], *, max_new_tokens: int = 60, structure: type[BaseModel] | None = None
    ) -> Answers:
        if structure is not None:
            raise UserError("the sample world's models do not support structured output: set profile to server")
        return _in_chunks(prompts, self._of_pictures)

    def converse(self, talks: Iterable[Talk], *, max_new_tokens: int = 60) -> Iterator[Mapping[int, Any]]:
        return in_waves(lambda prompts: self.answer(prompts, max_new_tokens=max_new_tokens), talks, at_once=AT_ONCE)

    def generate(self, prompts: Iterable[str], *, max_new_tokens: int = 60) -> Answers:
        return _in_chunks(prompts, self._of_texts)

    def _of_pictures(self, prompts: Sequence[Prompt]) -> list[Said]:
        pictures = [[part for part in prompt if not isinstance(part, str)] for prompt in prompts]
        captions = self._captions([[cell for picture in each for cell in cells_of(picture)] for each in pictures])
        rows = zip(pictures, captions, self._stories(captions), strict=True)
        return [_with_now(story, own[-1]) if len(seen) > 1 else story for seen, own, story in rows]

    def _of_texts(self, prompts: Sequence[str]) -> list[Said]:
        lines = [TIMED_LINE.findall(prompt) for prompt in prompts]
        return self._stories([[Answer(line.partition(NOW)[2] or line) for line in each] for each in lines])

    def _captions(self, pictures: Sequence[Sequence[Image]]) -> list[list[Said]]:
        captions = iter(in_order(self.captioner.caption(chain.from_iterable(pictures))))
        return [list(islice(captions, len(each))) for each in pictures]

    def _stories(self, captions: Sequence[Sequence[Said]]) -> list[Said]:
        """A single caption unchanged; several consecutive ones fused into one sentence."""
        failed = {index: said for index, each in enumerate(captions) for said in each if isinstance(said, CallError)}
        asked = [index for index, each in enumerate(captions) if len(each) > 1 and index not in failed]
        prompts = (self._prompt([said.text for said in captions[i] if isinstance(said, Answer)]) for i in asked)
        stories = dict(zip(asked, in_order(self.language_model.generate(prompts)), strict=True)) | failed
        unknown = CallError("unknown_instruction", "the sample world's models can only caption images")
        return [stories.get(index) or (each[0] if each else unknown) for index, each in enumerate(captions)]

    def _prompt(self, captions: Sequence[str]) -> str:
        kept = thinned(captions, MOST_CAPTIONS)
        return self.words.format(center_caption=kept[len(kept) // 2], frame_captions=in_order_of_time(kept))


def _in_chunks(prompts: Iterable[Asked], answered: Callable[[Sequence[Asked]], list[Said]]) -> Answers:
    waiting, first = iter(prompts), 0
    while some := list(islice(waiting, AT_ONCE)):
        yield dict(enumerate(answered(some), start=first))
        first += len(some)


def _with_now(story: Said, shown: Said) -> Said:
    if isinstance(story, CallError) or isinstance(shown, CallError):
        return story
    return Answer(f"{story.text}{NOW}{shown.text}", story.log_probability)
