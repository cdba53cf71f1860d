"""Sequences of captions for prompts: worded in temporal order, and subsampled."""

from __future__ import annotations

from collections.abc import Sequence

from internvid_assets.cells.errors import UserError


def in_order_of_time(captions: Sequence[str]) -> str:
    """ "first A, then B, finally C": makes the order explicit even for small models."""
    words = ["first", *["then"] * (len(captions) - 2), "finally"] if len(captions) > 1 else [""]
    return ", ".join(f"{word} {caption}".strip() for word, caption in zip(words, captions, strict=False))


def thinned(captions: Sequence[str], count: int) -> list[str]:
    """At most `count` captions, evenly spaced, in order, including the first and the last."""
    if count < 1:
        raise UserError(f"max_frame_captions is {count}: expected at least 1")
    if len(captions) <= count:
        return list(captions)
    if count == 1:
        return [captions[len(captions) // 2]]
    return [captions[round(i * (len(captions) - 1) / (count - 1))] for i in range(count)]
