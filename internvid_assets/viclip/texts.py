"""The text of a clip for a step: its caption or only its verb phrases; left and right are swapped if it is mirrored."""

from __future__ import annotations

import re
from collections.abc import Sequence

from internvid_assets.models.pre_text import pre_text

SIDES = {"left": "right", "right": "left"}


def texts_of(captions: Sequence[str], *, mirrored: Sequence[bool], verbs_alone: Sequence[bool]) -> list[str]:
    """The texts to train on, from captions of which some are mirrored, and some reduced to their verb phrases.

    Momeni et al. ("Verbs in Action", 2023) compare videos with verb phrases in addition to captions: objects alone
    distinguish most captions, so a model has no incentive to learn motion. A caption without a verb becomes the empty
    text, since it may mention colours, which are changed in the frames.
    """
    phrases = _phrases([caption for caption, is_cut in zip(captions, verbs_alone, strict=True) if is_cut])
    texts = [phrases[caption] if is_cut else caption for caption, is_cut in zip(captions, verbs_alone, strict=True)]
    return [
        pre_text(_sides_changed(text) if is_mirrored else text)
        for text, is_mirrored in zip(texts, mirrored, strict=True)
    ]


def _phrases(captions: Sequence[str]) -> dict[str, str]:
    if not captions:
        return {}
    from internvid_assets.language.verbs import verb_phrases

    return dict(zip(captions, verb_phrases(captions), strict=True))


def _sides_changed(text: str) -> str:
    return re.sub(r"\b(left|right)\b", lambda side: SIDES[side[0]], text)
