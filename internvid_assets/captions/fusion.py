"""The prompt that asks a language model to fuse the captions of a clip's frames into one (InternVid 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import Formatter

from internvid_assets.cells.errors import UserError
from internvid_assets.settings import Settings, beside_settings

DEFAULT_TEMPLATE = (Path(__file__).parent / "prompts" / "fusion.txt").read_text().strip()
"""English that an instruction model understands, and the very words that the sample world's model was trained on."""

PLACES = {"center_caption", "frame_captions"}


def fusion_template(settings: Settings) -> str:
    """The text of `fused_captions.prompt`, or the shipped template. Raises UserError for a file that is none."""
    chosen = settings.fused_captions.prompt
    if not chosen:
        return DEFAULT_TEMPLATE
    try:
        return checked_template(beside_settings(Path(chosen)).read_text(encoding="utf-8").strip())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"fused_captions.prompt = {chosen!r}: expected a text file with a template ({reason})"
        ) from None


def checked_template(text: str) -> str:
    """The template itself. Raises UserError unless it has both places, each in braces, and no other."""
    names = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    if names != PLACES:
        raise UserError(f"the prompt has the places {sorted(names)}: expected {sorted(PLACES)}, in braces")
    return text


def fusion_prompt(
    center_caption: str,
    frame_captions: Sequence[str],
    template: str = DEFAULT_TEMPLATE,
    *,
    max_frame_captions: int = 16,
) -> str:
    """The template with the centre caption and the 1 fps captions in time order, at most `max_frame_captions` of them.

    Longer clips are thinned evenly, first and last kept, so that a prompt is bounded however long the clip is.
    """
    kept = thinned(frame_captions, max_frame_captions)
    return template.format(center_caption=center_caption, frame_captions=in_order(kept))


def in_order(captions: Sequence[str]) -> str:
    """ "first A, then B, finally C": a reader of any size sees which comes first and which last."""
    words = ["first", *["then"] * (len(captions) - 2), "finally"] if len(captions) > 1 else [""]
    return ", ".join(f"{word} {caption}".strip() for word, caption in zip(words, captions, strict=False))


def thinned(captions: Sequence[str], count: int) -> list[str]:
    """At most `count` captions, evenly spread, in order, with the first and the last."""
    if count < 1:
        raise UserError(f"max_frame_captions is {count}: expected at least 1")
    if len(captions) <= count:
        return list(captions)
    if count == 1:
        return [captions[len(captions) // 2]]
    return [captions[round(i * (len(captions) - 1) / (count - 1))] for i in range(count)]
