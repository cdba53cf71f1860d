"""Which model captions: the profile's, one with a prompt, or Tag2Text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from internvid_assets.cells.errors import UserError
from internvid_assets.models.adapters import CAPTIONERS
from internvid_assets.models.score_specs import with_words
from internvid_assets.models.specs import PROMPTS, Capability, ModelSpec, Overrides, with_prompt


def captioner(capability: Capability, overrides: Overrides, find: Callable[[], ModelSpec]) -> ModelSpec:
    """The spec of `find`, or of the configured adapter; `instructed` is a vision-language model with a prompt."""
    chosen = overrides.get(capability, {})
    if chosen.get("adapter") == "tag2text":
        return tag2text(capability, chosen.get("name"), chosen.get("tokenizer"))
    if chosen.get("adapter") == "instructed":
        return with_prompt(PROMPTS / "captioner.txt", replace(find(), loader=CAPTIONERS["instructed"].loader))
    return find()


def tag2text(capability: Capability, checkpoint: str | None, tokenizer: str | None) -> ModelSpec:
    """A published checkpoint and the tokenizer of its BERT: both are part of the revision."""
    path = Path(checkpoint).expanduser() if checkpoint else None
    if path is None or not path.is_file():
        raise UserError(
            f"models.{capability}.name is {checkpoint or 'not set'}: expected a Tag2Text checkpoint file, such as "
            "tag2text_swin_14m.pth (github.com/xinyu1205/recognize-anything)"
        )
    return with_words(capability, path, tokenizer, CAPTIONERS["tag2text"].loader)
