"""`[models.<capability>]` of the settings: the keys of each capability; keys without effect are rejected.

Keys that only another profile reads are allowed, so that the profile can be changed alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from internvid_assets.models.adapters import ADAPTERS_OF, READS_TOKENIZER
from internvid_assets.models.endpoint import Endpoint
from internvid_assets.models.specs import Capability

ASKED_CAPABILITIES: tuple[Capability, ...] = (
    "captioner",
    "frame_captioner",
    "vision_language_model",
    "language_model",
    "summariser",
    "phrase_extractor",
    "translator",
)
"""The capabilities that return text: profile `server` uses an endpoint for them."""


class ModelSettings(BaseModel):
    """Which weights a capability uses instead of its profile's: a hub id or a folder, and a pinned revision.

    `head` is for `aesthetics`, `adapter` for the capabilities of `ADAPTERS_OF`, `tokenizer` for the adapters that need
    one; `server` overrides `[server]`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = None
    revision: str | None = None
    head: str | None = None
    tokenizer: str | None = None
    adapter: str | None = None
    server: Endpoint | None = None


def refuse_idle(models: Mapping[Capability, ModelSettings]) -> None:
    """Raises ValueError for the first key that its capability never reads."""
    for capability, settings in models.items():
        adapters = ADAPTERS_OF.get(capability, {})
        if settings.adapter is not None and settings.adapter not in adapters:
            known = f"expected one of {', '.join(adapters)}" if adapters else "there is only one: remove it"
            raise ValueError(f"{capability}.adapter is {settings.adapter!r}: {known}")
        for key, is_read, reader in _readers(capability, settings):
            if getattr(settings, key) is not None and not is_read:
                raise ValueError(f"{capability}.{key} is set but has no effect: it is for {reader}; remove it")


def _readers(capability: Capability, settings: ModelSettings) -> list[tuple[str, bool, str]]:
    """(key, whether it is read here, what reads this key)."""
    is_umt = capability == "similarity" and settings.adapter is None  # as in profile paper
    return [
        ("head", capability == "aesthetics", "models.aesthetics"),
        ("tokenizer", is_umt or settings.adapter in READS_TOKENIZER, f"adapters {', '.join(READS_TOKENIZER)}"),
        ("server", capability in ASKED_CAPABILITIES, f"{', '.join(ASKED_CAPABILITIES)} in profile server"),
    ]
