"""The four modes of ShareCaptioner-Video with any vision-language model: fast, sliding, clip summary, re-captioning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Literal, TypeAlias

from internvid_assets.cells.errors import CallError
from internvid_assets.media.frames import pixels
from internvid_assets.media.grids import shrunk, square_grid, strip, uniform_positions
from internvid_assets.models.protocols import Answer, Answers, Image, Prompt, Talk

if TYPE_CHECKING:
    from internvid_assets.models.loaded import Models

Layout: TypeAlias = Literal["strip", "grid"]


@dataclass(frozen=True)
class Keyframe:
    """A keyframe of a clip as a JPEG, with its time in seconds from the clip's start."""

    seconds: float
    jpeg: bytes


@dataclass(frozen=True)
class Wording:
    """The prompt templates, with placeholders in braces."""

    first: str
    """`{picture}`, `{seconds}`."""
    differential: str
    """`{previous_picture}`, `{previous_seconds}`, `{previous_caption}`, `{picture}`, `{seconds}`."""
    fast: str
    """`{picture}`, `{seconds}`: of all keyframes."""
    summary: str
    """`{captions}`: one per line, after its time."""
    recaption: str
    """`{prompt}`."""


@dataclass(frozen=True)
class ShareCaptioner:
    """Each mode takes many clips or texts, and yields pieces of answers by position.

    Prompts with images go to the vision-language model, others to the summariser; each is loaded only if used.
    """

    models: Models
    wording: Wording

    def sliding(
        self, clips: Iterable[Sequence[Keyframe]], *, max_new_tokens: int, longest_side_pixels: int
    ) -> Iterator[Mapping[int, list[Answer] | CallError]]:
        """A caption of each keyframe: the first is described, each other one by the changes since the one before.

        If one keyframe of a clip fails, the clip fails with an error that says which.
        """
        talks = (self._slide(clip, longest_side_pixels) for clip in clips)
        return self.models.vision_language_model.converse(talks, max_new_tokens=max_new_tokens)

    def fast(
        self,
        clips: Iterable[Sequence[Keyframe]],
        *,
        max_new_tokens: int,
        max_keyframes: int,
        layout: Layout,
        longest_side_pixels: int,
    ) -> Answers:
        """One caption from all keyframes in one image; at most `max_keyframes`, evenly spaced."""
        prompts = (self._at_once(clip, max_keyframes, layout, longest_side_pixels) for clip in clips)
        return self.models.vision_language_model.answer(prompts, max_new_tokens=max_new_tokens)

    def summary(self, clips: Iterable[Sequence[tuple[float, str]]], *, max_new_tokens: int) -> Answers:
        """One caption of a clip from the times and captions of its keyframes, without images."""
        prompts = (self.wording.summary.format(captions=timed_lines(captions)) for captions in clips)
        return self.models.summariser.generate(prompts, max_new_tokens=max_new_tokens)

    def recaption(self, texts: Iterable[str], *, max_new_tokens: int) -> Answers:
        """Rewrites short prompts for a video generator in the style of the captions."""
        prompts = (self.wording.recaption.format(prompt=text.strip()) for text in texts)
        return self.models.summariser.generate(prompts, max_new_tokens=max_new_tokens)

    def _slide(self, clip: Sequence[Keyframe], longest_side_pixels: int) -> Talk:
        answers: list[Answer] = []
        for number, keyframe in enumerate(clip):
            now = {"picture": _picture(keyframe, longest_side_pixels), "seconds": _rounded(keyframe.seconds)}
            if answers:
                before = clip[number - 1]
                then = {"previous_picture": _picture(before, longest_side_pixels)}
                said = {"previous_seconds": _rounded(before.seconds), "previous_caption": answers[-1].text}
                answer = yield filled(self.wording.differential, **now, **then, **said)
            else:
                answer = yield filled(self.wording.first, **now)
            if isinstance(answer, CallError):
                where = f"keyframe {number} of {len(clip)}: {answer.message}"
                return CallError(answer.code, where, answer.retryable)
            answers.append(answer)
        return answers

    def _at_once(
        self, clip: Sequence[Keyframe], max_keyframes: int, layout: Layout, longest_side_pixels: int
    ) -> Prompt:
        if len(clip) > max_keyframes:
            clip = [clip[position] for position in uniform_positions(len(clip), max_keyframes)]
        lay_out = strip if layout == "strip" else square_grid
        sheet = shrunk(lay_out([pixels(keyframe.jpeg) for keyframe in clip]), longest_side_pixels)
        return filled(self.wording.fast, picture=sheet, seconds=", ".join(_rounded(each.seconds) for each in clip))


def filled(template: str, **values: str | Image) -> Prompt:
    """The template with its placeholders filled: texts and images in its order."""
    parts: list[str | Image] = []
    for text, name, _, _ in Formatter().parse(template):
        for part in [text, values[name]] if name else [text]:
            if isinstance(part, str) and parts and isinstance(parts[-1], str):
                parts[-1] += part
            else:
                parts.append(part)
    return [part for part in parts if not isinstance(part, str) or part.strip()]


def timed_lines(captions: Iterable[tuple[float, str]]) -> str:
    """One line per caption: "[2.5 s] a dog runs"."""
    return "\n".join(f"[{_rounded(seconds)} s] {' '.join(caption.split())}" for seconds, caption in captions)


def _rounded(seconds: float) -> str:
    return f"{seconds:.2f}".rstrip("0").rstrip(".")


def _picture(keyframe: Keyframe, longest_side_pixels: int) -> Image:
    return shrunk(pixels(keyframe.jpeg), longest_side_pixels)
