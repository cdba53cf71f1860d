"""The parameters of each asset: one section of `internvid.toml` each, with defaults and their sources.

Parameters are part of the asset's recipe, so changing one recomputes the asset. Those marked `NotInRecipe` are not:
changing a threshold recomputes nothing, and a timeout only affects future calls.
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
"""The setting that holds a splitter's threshold, if it is not `clips.threshold`."""


class NotInRecipe:
    """Marks parameters that do not change the result of any call: thresholds, which are applied when a table is
    written, and limits on retries, time and concurrency."""


class Parameters(BaseModel):
    """The parameters of one asset."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    def of_recipe(self) -> dict[str, Any]:
        """The parameters that calls depend on: all except those marked `NotInRecipe`."""
        fields = type(self).model_fields
        return {name: getattr(self, name) for name, field in fields.items() if NotInRecipe not in field.metadata}

    def models(self) -> tuple[Capability, ...]:
        """The models that the calls need only because of the values of these parameters."""
        return ()


class QueriesParameters(Parameters):
    """What to search for (InternVid 3.1). Files are relative to internvid.toml."""

    starter: bool = Field(True, description="Whether to include the shipped list of everyday actions.")
    label_files: list[Path] = Field([], description="Lists of actions.")
    caption_files: list[Path] = Field([], description="Corpora of captions from which actions are extracted.")
    languages: list[str] = Field(["en"], min_length=1, description="ISO 639-1; the first is that of the labels.")
    max_words: int = Field(16, ge=1, description="A longer line counts as a sentence, not as a query.")


class CaptionPhrasesParameters(Parameters):
    """Which of the phrases that a model extracts from a caption are kept (InternVid 3.1)."""

    max_phrases_per_caption: int = Field(4, ge=1)
    max_words: int = Field(6, ge=2, description="A longer phrase counts as a sentence.")


class KnownFile(BaseModel):
    """A list of the videos of a public dataset."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(description="Relative to internvid.toml.")
    dataset: str = Field(min_length=1)
    purpose: Literal["exclude", "benchmark"] = "exclude"


class KnownVideosParameters(Parameters):
    """Lists of videos that public datasets already contain (InternVid 3.1)."""

    files: list[KnownFile] = []


class CandidateVideosParameters(Parameters):
    """How channels and searches are listed (InternVid 3.1)."""

    listing_max_age_hours: float = Field(24.0, ge=0, description="Older stored listings are refreshed.")
    search_url: str = Field("ytsearch{count}:{query}", description="The search URL passed to yt-dlp.")
    search_depth: int = Field(3, ge=1, description="A search for the top N requests this many times N results.")


class AcquiredVideosParameters(Parameters):
    """How remote videos are downloaded (InternVid 3.1); not used for local files."""

    min_height_pixels: int = Field(360, ge=0)
    max_height_pixels: int = Field(720, ge=1)
    subtitle_languages: list[str] = Field(["all"], description="yt-dlp patterns; also for automatic captions.")
    max_bytes: int = Field(4 * 2**30, gt=0, description="Downloads of larger files are aborted.")
    max_duration_seconds: float = Field(
        7200, gt=0, description="Longer videos are not downloaded, if the page states the duration."
    )
    object_stores: list[str] = Field(["s3", "gs", "az", "abfs"], description="fsspec protocols that may be read.")
    allow_private_addresses: bool = Field(False, description="Whether a public address may redirect to a private one.")
    concurrency: Annotated[int, NotInRecipe] = Field(16, ge=1)
    connections_per_host: Annotated[int, NotInRecipe] = Field(4, ge=1)
    requests_per_second: Annotated[float, NotInRecipe] = Field(4.0, gt=0, description="Per host.")
    tries: Annotated[int, NotInRecipe] = Field(3, ge=1, description="Within one call, for transient failures.")
    backoff_seconds: Annotated[float, NotInRecipe] = Field(1.0, ge=0, description="First wait; doubles each time.")
    max_wait_seconds: Annotated[float, NotInRecipe] = Field(
        120.0, ge=0, description="A longer Retry-After ends the call."
    )
    connect_timeout_seconds: Annotated[float, NotInRecipe] = Field(15.0, gt=0)
    stall_timeout_seconds: Annotated[float, NotInRecipe] = Field(30.0, gt=0)
    min_bytes_per_second: Annotated[float, NotInRecipe] = Field(1024.0, ge=0)
    timeout_seconds: Annotated[float, NotInRecipe] = Field(3600, gt=0)


class VideosParameters(Parameters):
    """Eligibility of videos (InternVid 3.1)."""

    exclude_known: Annotated[bool, NotInRecipe] = Field(
        True, description="Reject videos that `known_videos` lists with purpose `exclude`."
    )

    min_duration_seconds: Annotated[float, NotInRecipe] = Field(10, ge=0)
    max_duration_seconds: Annotated[float, NotInRecipe] = Field(1800, gt=0)
    min_short_side_pixels: Annotated[int, NotInRecipe] = Field(360, ge=0)
    max_pixels: int = Field(8192 * 4320, gt=0, description="Larger frames are not decoded.")
    timeout_seconds: Annotated[float, NotInRecipe] = Field(300, gt=0)


class ClipsParameters(Parameters):
    """Shot detection (PySceneDetect's ContentDetector, InternVid 3.1) and motion thresholds."""

    splitter: SplitterName = Field(
        "content", description="Built in (same cuts as ContentDetector), a PySceneDetect detector, or TransNetV2."
    )
    threshold: float = Field(27.0, gt=0)
    adaptive_threshold: float = Field(3.0, gt=0)
    hash_threshold: float = Field(0.35, gt=0, le=1)
    histogram_threshold: float = Field(0.2, gt=0, le=1)
    fade_threshold: float = Field(12.0, gt=0, le=255)
    transition_threshold: float = Field(0.5, gt=0, lt=1)
    transnet_weights: str = Field("", description="Path of TransNetV2's published PyTorch weights.")
    min_scene_length_frames: int = Field(15, ge=1)
    stitching: bool = Field(False, description="Whether to merge similar adjacent clips and to cut long ones.")
    max_stitch_distance: float = Field(0.6, ge=0, le=2, description="Between the frames on both sides of a cut.")
    max_inner_distance: float = Field(
        1.0, ge=0, le=2, description="A clip whose first and last frames differ more is not merged."
    )
    max_clip_seconds: float = Field(60.0, gt=0, description="Longer clips are cut into equal parts.")
    min_duration_seconds: Annotated[float, NotInRecipe] = Field(0.5, ge=0)
    # Compression noise gives a still up to 0.06; the slowest real motion observed gives 0.15.
    max_still_motion: Annotated[float, NotInRecipe] = Field(0.1, ge=0)
    # Fast-cut advertisements reach 34; flicker between two pictures starts at 47.
    max_extreme_motion: Annotated[float, NotInRecipe] = Field(40.0, gt=0)
    timeout_seconds: Annotated[float, NotInRecipe] = Field(3600, gt=0)

    def of_recipe(self) -> dict[str, Any]:
        """What the splitter reads, plus the stitching limits if enabled; weights enter by hash, not by path."""
        values = self._splitting()
        values |= {"weights_revision": self._weights_revision()} if self.splitter == "transnetv2" else {}
        return {**values, **self.stitching_limits()} if self.stitching else values

    def cutting(self) -> dict[str, Any]:
        """The keyword arguments of `clips.splitters.split`."""
        values = self._splitting()
        values |= {"weights": self.transnet_weights} if self.splitter == "transnetv2" else {}
        return {**values, "max_clip_seconds": self.max_clip_seconds} if self.stitching else values

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
            expected = "the path of TransNetV2's PyTorch weights, required by clips.splitter = transnetv2"
            raise UserError(f"clips.transnet_weights is {self.transnet_weights!r}: expected {expected}")
        return files_revision(path)


class ClipFramesParameters(Parameters):
    """How the frames of a clip are stored."""

    short_side_pixels: int = Field(256, ge=16)
    jpeg_quality: int = Field(90, ge=1, le=100)
    timeout_seconds: Annotated[float, NotInRecipe] = Field(3600, gt=0)


class SubtitleCuesParameters(Parameters):
    """How subtitle files are read."""

    timeout_seconds: Annotated[float, NotInRecipe] = Field(60, gt=0)


class SpeechCuesParameters(Parameters):
    """Which parts of the audio are transcribed, and how the words are grouped into cues."""

    min_voice_probability: float = Field(0.5, ge=0, le=1, description="Below this, audio counts as silence or music.")
    max_pause_seconds: float = Field(1.0, ge=0, description="A longer pause is not transcribed, and ends a cue.")
    timeout_seconds: Annotated[float, NotInRecipe] = Field(3600, gt=0)


class TranscriptsParameters(Parameters):
    """How transcripts are translated."""

    max_new_tokens: int = Field(200, ge=1)


class SemanticPoolParameters(Parameters):
    """Which captions differ from all earlier ones in the pool (ShareGPT4Video's semantic filter)."""

    max_cosine: float = Field(
        0.95, ge=-1, le=1, description="With any caption in the pool; the scale depends on the encoder."
    )
    encoder: Literal["embedder", "text_encoder"] = Field("embedder", description="The model that embeds the captions.")


class NearDuplicatesParameters(Parameters):
    """When two clips of different videos count as near-duplicates."""

    min_cosine: float = Field(
        0.95, gt=0, le=1, description="Of their video embeddings; the scale depends on the model."
    )


class NoParameters(Parameters):
    """An asset without parameters: its recipe is its code and its model."""


class SubsetParameters(BaseModel):
    """Values for the `$parameters` of one file in sql/subsets; the defaults are in the file."""

    model_config = ConfigDict(extra="allow", frozen=True)
