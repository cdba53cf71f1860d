"""The parameters of each asset: one section of `internvid.toml` each, with defaults and where they come from.

They are part of the asset's recipe, so changing one recomputes the asset. Those marked `NotInRecipe` are not:
changing a threshold computes nothing, and a timeout only bounds calls yet to be made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from internvid_assets.cells.errors import UserError
from internvid_assets.models.specs import Capability, files_revision

SplitterName: TypeAlias = Literal[
    "content",
    "pyscenedetect_content",
    "pyscenedetect_adaptive",
    "pyscenedetect_hash",
    "pyscenedetect_histogram",
    "pyscenedetect_threshold",
    "transnetv2",
]
THRESHOLD_OF = {
    "pyscenedetect_adaptive": "adaptive_threshold",
    "pyscenedetect_hash": "hash_threshold",
    "pyscenedetect_histogram": "histogram_threshold",
    "pyscenedetect_threshold": "fade_threshold",
    "transnetv2": "transition_threshold",
}
"""Which setting is a splitter's threshold, where it is not `clips.threshold`."""


class NotInRecipe:
    """Marks what changes no call's result: a threshold, which judges values when a table is written, or how, how long
    and how many at once calls are made."""


class Parameters(BaseModel):
    """The parameters of one asset."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    def of_recipe(self) -> dict[str, Any]:
        """The parameters that calls depend on: all but those marked."""
        fields = type(self).model_fields
        return {name: getattr(self, name) for name, field in fields.items() if NotInRecipe not in field.metadata}

    def models(self) -> tuple[Capability, ...]:
        """The models that the calls need under these parameters only."""
        return ()


class QueriesParameters(Parameters):
    """What to search for (InternVid 3.1). Files are relative to internvid.toml."""

    starter: bool = Field(True, description="Whether the shipped list of everyday actions counts.")
    label_files: list[Path] = Field([], description="Lists of actions.")
    caption_files: list[Path] = Field([], description="Corpora of captions, in which actions are looked for.")
    languages: list[str] = Field(["en"], min_length=1, description="ISO 639-1; the first is the labels' own.")
    max_words: int = Field(16, ge=1, description="A longer line is a sentence, not a query.")


class CaptionPhrasesParameters(Parameters):
    """Which of the phrases that a model finds in a caption are kept (InternVid 3.1)."""

    max_phrases_per_caption: int = Field(4, ge=1)
    max_words: int = Field(6, ge=2, description="A longer phrase is a sentence.")


class KnownFile(BaseModel):
    """A list of videos that a public dataset released."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(description="Relative to internvid.toml.")
    dataset: str = Field(min_length=1)
    purpose: Literal["exclude", "benchmark"] = "exclude"


class KnownVideosParameters(Parameters):
    """Lists of videos that public datasets hold already (InternVid 3.1)."""

    files: list[KnownFile] = []


class CandidateVideosParameters(Parameters):
    """How channels and searches are listed (InternVid 3.1)."""

    listing_max_age_hours: float = Field(24.0, ge=0, description="A remembered listing this old is made anew.")
    search_url: str = Field("ytsearch{count}:{query}", description="What yt-dlp is given for a search.")
    search_depth: int = Field(3, ge=1, description="A search for the top N looks at this many times N results.")


class AcquiredVideosParameters(Parameters):
    """How remote videos are fetched (InternVid 3.1); what a local file needs none of."""

    min_height_pixels: int = Field(360, ge=0)
    max_height_pixels: int = Field(720, ge=1)
    subtitle_languages: list[str] = Field(["all"], description="In yt-dlp's patterns; automatic captions too.")
    max_bytes: int = Field(4 * 2**30, gt=0, description="Larger files are not fetched to their end.")
    max_duration_seconds: float = Field(7200, gt=0, description="Longer videos are not fetched, where a page tells.")
    object_stores: list[str] = Field(["s3", "gs", "az", "abfs"], description="fsspec protocols that may be read.")
    allow_private_addresses: bool = Field(False, description="Whether a public address may lead to a private one.")
    concurrency: Annotated[int, NotInRecipe] = Field(16, ge=1)
    connections_per_host: Annotated[int, NotInRecipe] = Field(4, ge=1)
    requests_per_second: Annotated[float, NotInRecipe] = Field(4.0, gt=0, description="Per host.")
    tries: Annotated[int, NotInRecipe] = Field(3, ge=1, description="Within one call, for failures that may pass.")
    backoff_seconds: Annotated[float, NotInRecipe] = Field(1.0, ge=0, description="First wait; doubled each time.")
    max_wait_seconds: Annotated[float, NotInRecipe] = Field(
        120.0, ge=0, description="A longer Retry-After ends the call."
    )
    connect_timeout_seconds: Annotated[float, NotInRecipe] = Field(15.0, gt=0)
    stall_timeout_seconds: Annotated[float, NotInRecipe] = Field(30.0, gt=0)
    min_bytes_per_second: Annotated[float, NotInRecipe] = Field(1024.0, ge=0)
    timeout_seconds: Annotated[float, NotInRecipe] = Field(3600, gt=0)


class VideosParameters(Parameters):
    """Eligibility of videos (InternVid 3.1)."""

    exclude_known: Annotated[bool, NotInRecipe] = Field(True, description="Reject what `known_videos` says to exclude.")

    min_duration_seconds: Annotated[float, NotInRecipe] = Field(10, ge=0)
    max_duration_seconds: Annotated[float, NotInRecipe] = Field(1800, gt=0)
    min_short_side_pixels: Annotated[int, NotInRecipe] = Field(360, ge=0)
    max_pixels: int = Field(8192 * 4320, gt=0, description="Larger pictures are not decoded at all.")
    timeout_seconds: Annotated[float, NotInRecipe] = Field(300, gt=0)


class ClipsParameters(Parameters):
    """Cuts (PySceneDetect's ContentDetector, InternVid 3.1) and the judgement of motion."""

    splitter: SplitterName = Field("content", description="Ours, with ContentDetector's cuts, or one of its detectors.")
    threshold: float = Field(27.0, gt=0)
    adaptive_threshold: float = Field(3.0, gt=0)
    hash_threshold: float = Field(0.35, gt=0, le=1)
    histogram_threshold: float = Field(0.2, gt=0, le=1)
    fade_threshold: float = Field(12.0, gt=0, le=255)
    transition_threshold: float = Field(0.5, gt=0, lt=1)
    transnet_weights: str = Field("", description="The file of TransNetV2's published PyTorch weights.")
    min_scene_length_frames: int = Field(15, ge=1)
    stitching: bool = Field(False, description="Whether neighbours that look alike are merged, and long clips cut.")
    max_stitch_distance: float = Field(0.6, ge=0, le=2, description="Between the pictures on both sides of a cut.")
    max_inner_distance: float = Field(1.0, ge=0, le=2, description="A clip whose ends differ more stands alone.")
    max_clip_seconds: float = Field(60.0, gt=0, description="Longer clips are cut into equal parts.")
    min_duration_seconds: Annotated[float, NotInRecipe] = Field(0.5, ge=0)
    # Compression noise moves a still by up to 0.06; the slowest real movement seen moves it by 0.15.
    max_still_motion: Annotated[float, NotInRecipe] = Field(0.1, ge=0)
    # Fast-cut advertisements reach 34; flicker between two pictures starts at 47.
    max_extreme_motion: Annotated[float, NotInRecipe] = Field(40.0, gt=0)
    timeout_seconds: Annotated[float, NotInRecipe] = Field(3600, gt=0)

    def of_recipe(self) -> dict[str, Any]:
        """What the splitter reads, and stitching where it is on; a network counts by its weights, not their place."""
        told = self._splitting()
        told |= {"weights_revision": self._weights_revision()} if self.splitter == "transnetv2" else {}
        return {**told, **self.stitching_limits()} if self.stitching else told

    def cutting(self) -> dict[str, Any]:
        """The keyword arguments of `clips.splitters.split`."""
        told = self._splitting()
        told |= {"weights": self.transnet_weights} if self.splitter == "transnetv2" else {}
        return {**told, "max_clip_seconds": self.max_clip_seconds} if self.stitching else told

    def stitching_limits(self) -> dict[str, float]:
        """The keyword arguments of `clips.stitching.stitched`."""
        names = ("max_stitch_distance", "max_inner_distance", "max_clip_seconds")
        return {name: getattr(self, name) for name in names}

    def models(self) -> tuple[Capability, ...]:
        return ("embedder",) if self.stitching else ()

    def _splitting(self) -> dict[str, Any]:
        threshold = getattr(self, THRESHOLD_OF.get(self.splitter, "threshold"))
        length = self.min_scene_length_frames
        return {"splitter": self.splitter, "threshold": threshold, "min_scene_length_frames": length}

    def _weights_revision(self) -> str:
        path = Path(self.transnet_weights).expanduser()
        if not path.is_file():
            told = f"{self.transnet_weights!r}: expected the file of TransNetV2's PyTorch weights, as clips.splitter"
            raise UserError(f"clips.transnet_weights is {told} = transnetv2 needs")
        return files_revision(path)


class ClipFramesParameters(Parameters):
    """Which pictures of a clip are kept, and how large."""

    short_side_pixels: int = Field(256, ge=16)
    jpeg_quality: int = Field(90, ge=1, le=100)
    timeout_seconds: Annotated[float, NotInRecipe] = Field(3600, gt=0)


class SubtitleCuesParameters(Parameters):
    """How subtitle files are read."""

    timeout_seconds: Annotated[float, NotInRecipe] = Field(60, gt=0)


class SpeechCuesParameters(Parameters):
    """What speech recognition gets to hear, and how its words are put into cues."""

    min_voice_probability: float = Field(0.5, ge=0, le=1, description="Below this it counts as silence or music.")
    max_pause_seconds: float = Field(1.0, ge=0, description="A longer pause is not listened to, and ends a cue.")
    timeout_seconds: Annotated[float, NotInRecipe] = Field(3600, gt=0)


class TranscriptsParameters(Parameters):
    """How transcripts are translated."""

    max_new_tokens: int = Field(200, ge=1)


class SemanticPoolParameters(Parameters):
    """Which clips say what none before them said (ShareGPT4Video's semantic filter)."""

    max_cosine: float = Field(0.95, ge=-1, le=1, description="With any clip in the pool; its scale is the encoder's.")
    encoder: Literal["embedder", "text_encoder"] = Field("embedder", description="Whose vectors of captions.")


class NearDuplicatesParameters(Parameters):
    """When two clips of different videos count as the same picture."""

    min_cosine: float = Field(0.95, gt=0, le=1, description="Of their video vectors; its scale is the model's.")


class NoParameters(Parameters):
    """An asset whose recipe is its code and its model."""


class SubsetParameters(BaseModel):
    """Values for the `$parameters` of one file in sql/subsets; the file holds the defaults."""

    model_config = ConfigDict(extra="allow", frozen=True)
