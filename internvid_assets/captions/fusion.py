"""The prompt for a language model to fuse the captions of a clip's frames into one (InternVid 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

from internvid_assets.captions.templates import SHIPPED, chosen_template
from internvid_assets.language.sequences import in_order_of_time, thinned
from internvid_assets.settings import Settings

DEFAULT_TEMPLATE = (SHIPPED / "fusion.txt").read_text().strip()
"""Plain English for instruction models; the sample world's model was trained on exactly this wording."""

PLACES = {"center_caption", "frame_captions"}


def fusion_template(settings: Settings) -> str:
    """The template in `fused_captions.prompt`, or the shipped one. Raises UserError for an invalid file."""
    return chosen_template(settings, "fused_captions.prompt", "fusion.txt", PLACES)


def fusion_prompt(
    center_caption: str,
    frame_captions: Sequence[str],
    template: str = DEFAULT_TEMPLATE,
    *,
    max_frame_captions: int = 16,
) -> str:
    """The template with the centre caption and the 1 fps captions in time order, at most `max_frame_captions` of them.

    Captions of longer clips are thinned evenly, keeping the first and the last, so that the prompt length is bounded.
    """
    kept = thinned(frame_captions, max_frame_captions)
    return template.format(center_caption=center_caption, frame_captions=in_order_of_time(kept))
