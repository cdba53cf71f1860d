"""Which model embeds clips and captions: the profile's CLIP, or a configured CLIP or ViCLIP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from internvid_assets.cells.errors import UserError
from internvid_assets.models.adapters import EMBEDDERS
from internvid_assets.models.specs import ModelSpec, Overrides, named
from internvid_assets.models.viclip_specs import viclip


def video_embedder(overrides: Overrides, embedder: Callable[[], ModelSpec]) -> ModelSpec:
    """The model of `models.video_embedder`; by default that of `embedder`, whose weights are then shared."""
    adapter = overrides.get("video_embedder", {}).get("adapter") or "clip"
    if adapter not in EMBEDDERS:
        raise UserError(f"models.video_embedder.adapter is {adapter!r}: expected one of {', '.join(EMBEDDERS)}")
    loader = EMBEDDERS[adapter].loader
    if adapter == "viclip":
        return viclip("video_embedder", overrides, loader)
    return named("video_embedder", overrides, loader) or replace(embedder(), loader=loader)
