"""The parameters of the caption assets; `parameters` has those of the other stages."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from internvid_assets.models.specs import Capability
from internvid_assets.parameters import NotInRecipe, Parameters


class JudgedCaptionParameters(Parameters):
    """When a caption is flawed; a flaw is recorded and never drops a row."""

    min_words: Annotated[int, NotInRecipe] = Field(2, ge=0)
    max_words: Annotated[int, NotInRecipe] = Field(120, ge=1)
    language: Annotated[str, NotInRecipe] = Field(
        "en", pattern="^([a-z]{2})?$", description="ISO 639-1; captions in other languages are flawed. Empty: any."
    )


class CaptionParameters(JudgedCaptionParameters):
    """Decoding limit of a captioner, and the permitted length of its captions."""

    max_new_tokens: int = Field(40, ge=1)


class FusedCaptionsParameters(JudgedCaptionParameters):
    """How frame captions become one caption (InternVid 3.2)."""

    prompt: str = Field("", description="A file with a custom template, relative to internvid.toml.")
    max_frame_captions: int = Field(16, ge=1, description="For longer clips, evenly spaced captions are used.")
    max_new_tokens: int = Field(60, ge=1)

    def of_recipe(self) -> dict[str, Any]:
        return without_prompts(super().of_recipe())


class KeyframesParameters(Parameters):
    """Which frames of a clip are keyframes (ShareGPT4Video)."""

    similarity_threshold: float = Field(
        0.93, gt=0, le=1, description="To the latest keyframe; the scale depends on the model."
    )
    interval_seconds: int = Field(2, ge=1, description="Interval between the candidate frames.")
    last_frame: Literal["paper", "code"] = Field(
        "paper", description="Whether the last frame is always a keyframe, or only a full interval after the others."
    )
    max_seconds: int = Field(120, ge=0, description="The rest of a longer clip is ignored.")


class KeyframeCaptionsParameters(JudgedCaptionParameters):
    """How differential captions are generated (ShareGPT4Video)."""

    first_prompt: str = Field("", description="A file with a custom template for a clip's first keyframe.")
    differential_prompt: str = Field("", description="The same for all other keyframes.")
    longest_side_pixels: int = Field(1024, ge=16)
    max_new_tokens: int = Field(400, ge=1)
    max_words: Annotated[int, NotInRecipe] = Field(400, ge=1)

    def of_recipe(self) -> dict[str, Any]:
        return without_prompts(super().of_recipe())


class DenseCaptionsParameters(JudgedCaptionParameters):
    """How dense captions are generated (ShareCaptioner-Video)."""

    mode: Literal["sliding", "fast"] = Field(
        "sliding", description="From differential captions, or from one composite image."
    )
    summary_prompt: str = Field("", description="A file with a custom template for mode sliding.")
    fast_prompt: str = Field("", description="The same for mode fast.")
    recaption_prompt: str = Field("", description="The same for `internvid recaption`.")
    layout: Literal["strip", "grid"] = Field("strip", description="Arrangement of the keyframes in mode fast's image.")
    max_keyframes: int = Field(16, ge=1, description="In that image; if there are more, evenly spaced ones.")
    longest_side_pixels: int = Field(1920, ge=16, description="Of that image.")
    max_new_tokens: int = Field(800, ge=1)
    max_words: Annotated[int, NotInRecipe] = Field(600, ge=1)

    def of_recipe(self) -> dict[str, Any]:
        """Only the parameters that the mode uses."""
        values = without_prompts(super().of_recipe())
        of_fast = () if self.mode == "fast" else ("layout", "max_keyframes", "longest_side_pixels")
        return {name: value for name, value in values.items() if name not in of_fast}

    def models(self) -> tuple[Capability, ...]:
        return ("vision_language_model",) if self.mode == "fast" else ("summariser",)


def without_prompts(values: dict[str, Any]) -> dict[str, Any]:
    """Templates enter the recipe by their text, which is its prompt, and not by their path."""
    return {name: value for name, value in values.items() if not name.endswith("prompt")}
