"""The parameters of captions, as `parameters` has those of the other stages."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from internvid_assets.models.specs import Capability
from internvid_assets.parameters import NotInRecipe, Parameters


class JudgedCaptionParameters(Parameters):
    """What speaks against a caption: it is a flaw, and never a reason to drop a row."""

    min_words: Annotated[int, NotInRecipe] = Field(2, ge=0)
    max_words: Annotated[int, NotInRecipe] = Field(120, ge=1)
    language: Annotated[str, NotInRecipe] = Field(
        "en", pattern="^([a-z]{2})?$", description="ISO 639-1; a caption in another one has a flaw. Empty: any will do."
    )


class CaptionParameters(JudgedCaptionParameters):
    """How a captioner decodes, and how many words a caption may have."""

    max_new_tokens: int = Field(40, ge=1)


class FusedCaptionsParameters(JudgedCaptionParameters):
    """How frame captions become one caption (InternVid 3.2)."""

    prompt: str = Field("", description="A file with a template of your own, relative to internvid.toml.")
    max_frame_captions: int = Field(16, ge=1, description="Longer clips are thinned evenly to this many.")
    max_new_tokens: int = Field(60, ge=1)

    def of_recipe(self) -> dict[str, Any]:
        return without_prompts(super().of_recipe())


class KeyframesParameters(Parameters):
    """Which frames of a clip say something new (ShareGPT4Video)."""

    similarity_threshold: float = Field(
        0.93, gt=0, le=1, description="To the latest keyframe; its scale is the model's."
    )
    interval_seconds: int = Field(2, ge=1, description="Every so many of the 1 fps frames is looked at.")
    last_frame: Literal["paper", "code"] = Field("paper", description="Always one, or only an interval after the rest.")
    max_seconds: int = Field(120, ge=0, description="What comes later in a clip is not looked at.")


class KeyframeCaptionsParameters(JudgedCaptionParameters):
    """How differential captions are asked for (ShareGPT4Video)."""

    first_prompt: str = Field("", description="A file with a template of your own for a clip's first keyframe.")
    differential_prompt: str = Field("", description="And for every other one.")
    longest_side_pixels: int = Field(1024, ge=16)
    max_new_tokens: int = Field(400, ge=1)
    max_words: Annotated[int, NotInRecipe] = Field(400, ge=1)

    def of_recipe(self) -> dict[str, Any]:
        return without_prompts(super().of_recipe())


class DenseCaptionsParameters(JudgedCaptionParameters):
    """How a clip gets its dense caption (ShareCaptioner-Video)."""

    mode: Literal["sliding", "fast"] = Field("sliding", description="From differential captions, or from one picture.")
    summary_prompt: str = Field("", description="A file with a template of your own for mode sliding.")
    fast_prompt: str = Field("", description="And for mode fast.")
    recaption_prompt: str = Field("", description="And for `internvid recaption`.")
    layout: Literal["strip", "grid"] = Field("strip", description="How keyframes lie in mode fast's one picture.")
    max_keyframes: int = Field(16, ge=1, description="In it; more are thinned evenly.")
    longest_side_pixels: int = Field(1920, ge=16, description="Of it.")
    max_new_tokens: int = Field(800, ge=1)
    max_words: Annotated[int, NotInRecipe] = Field(600, ge=1)

    def of_recipe(self) -> dict[str, Any]:
        """What the mode reads."""
        told = without_prompts(super().of_recipe())
        of_fast = () if self.mode == "fast" else ("layout", "max_keyframes", "longest_side_pixels")
        return {name: value for name, value in told.items() if name not in of_fast}

    def models(self) -> tuple[Capability, ...]:
        return ("vision_language_model",) if self.mode == "fast" else ("summariser",)


def without_prompts(told: dict[str, Any]) -> dict[str, Any]:
    """Templates count by their text, which is the recipe's prompt, and not by their place."""
    return {name: value for name, value in told.items() if not name.endswith("prompt")}
