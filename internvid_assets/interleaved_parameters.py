"""The parameters of interleaved sequences: one section of `internvid.toml` per format, `[interleaved.<format>]`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from internvid_assets.parameters import Parameters

MAX_BUDGET = 1_000_000_000
"""More is not meant: the table counts in 32 bits."""


class CaptionedParameters(Parameters):
    """Clips and captions of a video in turn (InternVid 3.4, format a)."""

    subset: str = Field("", description="A subset whose clips alone are taken; empty: all clips.")
    drop_probability: float = Field(0.3, ge=0, lt=1, description="InternVid, appendix D.")
    drop_unit: Literal["video", "clip"] = Field("video", description="A whole video, or a clip's pictures alone.")
    seed: int = Field(42, description="Another seed drops others.")
    decontaminate: bool = Field(True, description="Leave out what benchmarks test on.")
    images_per_clip: Literal[1, 4, 8] = Field(4, description="Its centre frame, or its uniform frames.")
    max_images: int = Field(128, ge=16, le=MAX_BUDGET, description="A sequence's pictures.")
    max_tokens: int = Field(2048, ge=16, le=MAX_BUDGET, description="A sequence's text, by estimate.")
    overflow: Literal["continue", "truncate"] = Field("continue", description="What becomes of clips beyond that.")


class CaptionedWithSpeechParameters(CaptionedParameters):
    """The same, with what is said during a clip after its caption (format b)."""

    language: Literal["original", "english"] = Field("original", description="Of what is said.")


class PairedParameters(CaptionedParameters):
    """Two of format a, joined (format c)."""

    pairing: Literal["random", "query", "embedding"] = Field("random", description="What relates the two videos.")


class InterleavedParameters(Parameters):
    """A section for each format."""

    captioned: CaptionedParameters = CaptionedParameters()  # pyright: ignore[reportCallIssue]
    captioned_with_speech: CaptionedWithSpeechParameters = CaptionedWithSpeechParameters()  # pyright: ignore[reportCallIssue]
    paired: PairedParameters = PairedParameters()  # pyright: ignore[reportCallIssue]

    def of_format(self, name: str) -> CaptionedParameters:
        return getattr(self, name)

    def subsets(self) -> set[str]:
        """The subsets that some format takes its clips from."""
        return {self.of_format(name).subset for name in type(self).model_fields} - {""}
