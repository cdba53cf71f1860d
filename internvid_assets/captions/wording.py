"""The prompts of ShareGPT4Video's captions."""

from __future__ import annotations

from internvid_assets.captions.templates import chosen_template
from internvid_assets.models.share_captioner import Wording
from internvid_assets.settings import Settings

FIRST = {"picture", "seconds"}
DIFFERENTIAL = {"previous_picture", "previous_seconds", "previous_caption", "picture", "seconds"}


def wording(settings: Settings) -> Wording:
    """The templates named in the settings, or the shipped ones. Raises UserError for an invalid file."""
    return Wording(
        first=chosen_template(settings, "keyframe_captions.first_prompt", "first_keyframe.txt", FIRST),
        differential=chosen_template(
            settings, "keyframe_captions.differential_prompt", "differential.txt", DIFFERENTIAL
        ),
        fast=chosen_template(settings, "dense_captions.fast_prompt", "fast.txt", {"picture", "seconds"}),
        summary=chosen_template(settings, "dense_captions.summary_prompt", "summary.txt", {"captions"}),
        recaption=chosen_template(settings, "dense_captions.recaption_prompt", "recaption.txt", {"prompt"}),
    )


def differential_text(settings: Settings) -> str:
    """The templates of differential captions for the recipe; none in mode fast, which does not use them."""
    words = wording(settings)
    return f"{words.first}\n\n{words.differential}" if settings.dense_captions.mode == "sliding" else ""


def dense_text(settings: Settings) -> str:
    """The template of the current mode, for the recipe."""
    words = wording(settings)
    return words.summary if settings.dense_captions.mode == "sliding" else words.fast
