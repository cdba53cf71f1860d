"""The parameters of interleaved sequences: one section of `internvid.toml` per format, `[interleaved.<format>]`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from internvid_assets.parameters import Parameters

MAX_BUDGET = 1_000_000_000
"""Upper limit of both budgets: the table counts in 32 bits."""


class CaptionedParameters(Parameters):
    """Alternating clips and captions of a video (InternVid 3.4, format a)."""

    subset: str = Field("", description="Use only the clips of this subset; empty: all clips.")
    drop_probability: float = Field(0.3, ge=0, lt=1, description="InternVid, appendix D.")
    drop_unit: Literal["video", "clip"] = Field("video", description="Drop whole videos, or only the frames of a clip.")
    seed: int = Field(42, description="Seed of the random drops.")
    decontaminate: bool = Field(True, description="Exclude benchmark videos.")
    images_per_clip: Literal[1, 4, 8] = Field(4, description="The centre frame, or the uniform frames.")
    max_images: int = Field(128, ge=16, le=MAX_BUDGET, description="Maximum number of images per sequence.")
    max_tokens: int = Field(
        2048, ge=16, le=MAX_BUDGET, description="Maximum number of text tokens per sequence, estimated."
    )
    overflow: Literal["continue", "truncate"] = Field(
        "continue", description="Clips beyond the budgets start a new sequence, or are left out."
    )


class CaptionedWithSpeechParameters(CaptionedParameters):
    """The same, with the speech of a clip after its caption (format b)."""

    language: Literal["original", "english"] = Field("original", description="Language of the speech text.")


class PairedParameters(CaptionedParameters):
    """The sequences of two videos joined (format c)."""

    pairing: Literal["random", "query", "embedding"] = Field("random", description="How the two videos are paired.")


class InterleavedParameters(Parameters):
    """One section per format."""

    captioned: CaptionedParameters = CaptionedParameters()  # pyright: ignore[reportCallIssue]
    captioned_with_speech: CaptionedWithSpeechParameters = CaptionedWithSpeechParameters()  # pyright: ignore[reportCallIssue]
    paired: PairedParameters = PairedParameters()  # pyright: ignore[reportCallIssue]

    def of_format(self, name: str) -> CaptionedParameters:
        return getattr(self, name)

    def subsets(self) -> set[str]:
        """The subsets from which formats take their clips."""
        return {self.of_format(name).subset for name in type(self).model_fields} - {""}
