"""All settings. Precedence, lowest first: `internvid.toml`, `INTERNVID_…` in the environment, `--set`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import ByteSize, Field, TypeAdapter, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from internvid_assets.caption_parameters import (
    CaptionParameters,
    DenseCaptionsParameters,
    FusedCaptionsParameters,
    KeyframeCaptionsParameters,
    KeyframesParameters,
)
from internvid_assets.cells.errors import UserError
from internvid_assets.evaluation_parameters import EvaluationParameters, LinearProbeParameters
from internvid_assets.interleaved_parameters import InterleavedParameters
from internvid_assets.models.endpoint import SERVER, ServerSettings
from internvid_assets.models.model_settings import ASKED_CAPABILITIES, ModelSettings, refuse_idle
from internvid_assets.models.specs import Capability
from internvid_assets.parameters import (
    AcquiredVideosParameters,
    CandidateVideosParameters,
    CaptionPhrasesParameters,
    ClipFramesParameters,
    ClipsParameters,
    KnownVideosParameters,
    NearDuplicatesParameters,
    NoParameters,
    Parameters,
    QueriesParameters,
    SemanticPoolParameters,
    SpeechCuesParameters,
    SubsetParameters,
    SubtitleCuesParameters,
    TranscriptsParameters,
    VideosParameters,
)
from internvid_assets.viclip_parameters import (
    InterpolationParameters,
    MaskedParameters,
    TrainingParameters,
    UnmaskedParameters,
)

SETTINGS_NAME = "internvid.toml"
LEAST_MEMORY = ByteSize(50_000_000)
MODEL_FILES = ("name", "head", "tokenizer")
"""The keys of `[models.*]` whose value may be a file."""


class Settings(BaseSettings):
    """The settings of the whole platform; `internvid recipes show ASSET` prints the origin of each value."""

    model_config = SettingsConfigDict(env_prefix="INTERNVID_", env_nested_delimiter="__", extra="forbid", frozen=True)

    home: Path = Field(Path("data"), description="Directory for all data; relative to internvid.toml.")
    lake_url: str | None = Field(None, description="fsspec URL for cells and tables; default: inside home.")
    profile: Literal["sample", "paper", "server"] = "sample"
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, description="Decoding processes.")
    worker_memory_bytes: ByteSize = Field(
        ByteSize(2_000_000_000), ge=500_000_000, description="A call that needs more becomes an error row."
    )
    commit_seconds: float = Field(10.0, gt=0, description="Interval at which a running asset commits.")
    max_attempts: int = Field(3, ge=1, description="A retryable failure is quarantined after this many attempts.")
    memory_limit: str = Field(
        "1GB",
        pattern=r"(?i)^[0-9.]+ ?[kmgt]i?b$",
        description="Memory limit of DuckDB, above which it spills to disk.",
    )

    @field_validator("memory_limit")
    @classmethod
    def _enough_memory(cls, limit: str) -> str:
        if TypeAdapter(ByteSize).validate_python(limit.replace(" ", "")) < LEAST_MEMORY:
            raise ValueError("expected at least 50MB, which DuckDB needs to run")
        return limit

    models: dict[Capability, ModelSettings] = Field(default_factory=dict)
    server: ServerSettings = ServerSettings()  # pyright: ignore[reportCallIssue]
    queries: QueriesParameters = QueriesParameters()  # pyright: ignore[reportCallIssue]
    caption_phrases: CaptionPhrasesParameters = CaptionPhrasesParameters()  # pyright: ignore[reportCallIssue]
    known_videos: KnownVideosParameters = KnownVideosParameters()
    candidate_videos: CandidateVideosParameters = CandidateVideosParameters()  # pyright: ignore[reportCallIssue]
    acquired_videos: AcquiredVideosParameters = AcquiredVideosParameters()  # pyright: ignore[reportCallIssue]
    videos: VideosParameters = VideosParameters()  # pyright: ignore[reportCallIssue]
    clips: ClipsParameters = ClipsParameters()  # pyright: ignore[reportCallIssue]
    clip_frames: ClipFramesParameters = ClipFramesParameters()  # pyright: ignore[reportCallIssue]
    subtitle_cues: SubtitleCuesParameters = SubtitleCuesParameters()  # pyright: ignore[reportCallIssue]
    speech_cues: SpeechCuesParameters = SpeechCuesParameters()  # pyright: ignore[reportCallIssue]
    transcripts: TranscriptsParameters = TranscriptsParameters()  # pyright: ignore[reportCallIssue]
    center_captions: CaptionParameters = CaptionParameters()  # pyright: ignore[reportCallIssue]
    frame_captions: CaptionParameters = CaptionParameters()  # pyright: ignore[reportCallIssue]
    fused_captions: FusedCaptionsParameters = FusedCaptionsParameters()  # pyright: ignore[reportCallIssue]
    keyframes: KeyframesParameters = KeyframesParameters()  # pyright: ignore[reportCallIssue]
    keyframe_captions: KeyframeCaptionsParameters = KeyframeCaptionsParameters()  # pyright: ignore[reportCallIssue]
    dense_captions: DenseCaptionsParameters = DenseCaptionsParameters()  # pyright: ignore[reportCallIssue]
    semantic_pool: SemanticPoolParameters = SemanticPoolParameters()  # pyright: ignore[reportCallIssue]
    near_duplicates: NearDuplicatesParameters = NearDuplicatesParameters()  # pyright: ignore[reportCallIssue]
    interleaved: InterleavedParameters = InterleavedParameters()
    training: TrainingParameters = TrainingParameters()  # pyright: ignore[reportCallIssue]
    viclip_masked_checkpoint: MaskedParameters = MaskedParameters()  # pyright: ignore[reportCallIssue]
    viclip_checkpoint: UnmaskedParameters = UnmaskedParameters()  # pyright: ignore[reportCallIssue]
    viclip_interpolated_checkpoint: InterpolationParameters = InterpolationParameters()  # pyright: ignore[reportCallIssue]
    evaluation: EvaluationParameters = EvaluationParameters()  # pyright: ignore[reportCallIssue]
    linear_probe: LinearProbeParameters = LinearProbeParameters()  # pyright: ignore[reportCallIssue]
    subsets: dict[str, SubsetParameters] = Field(default_factory=dict)

    @field_validator("models")
    @classmethod
    def _none_idle(cls, models: dict[Capability, ModelSettings]) -> dict[Capability, ModelSettings]:
        refuse_idle(models)
        return models

    def model_overrides(self) -> dict[str, dict[str, Any]]:
        """The model settings that were set explicitly; the profile has the rest."""
        chosen = {name: model.model_dump(exclude_unset=True) for name, model in self.models.items()}
        for capability, values in chosen.items():
            if self.profile != SERVER or capability not in ASKED_CAPABILITIES:  # names at an endpoint are not files
                values |= {key: files_beside_settings(values[key]) for key in MODEL_FILES if values.get(key)}
        return {**chosen, SERVER: self.server.model_dump()}

    def place(self, media_uri: str) -> str:
        """The location of a media file: a file:// URI unchanged, anything else as a path below the (movable) home."""
        return media_uri if media_uri.startswith("file://") else str(self.home / media_uri)

    def parameters(self, asset: str) -> Parameters:
        """The parameters in the section of `asset`; none if it has no section."""
        section = getattr(self, asset, None)
        return section if isinstance(section, Parameters) else NoParameters()

    def parameters_of_subset(self, subset: str) -> dict[str, Any]:
        """The values in `[subsets.<name>]` for the parameters of a file of sql/subsets."""
        chosen = self.subsets.get(subset)
        return chosen.model_dump() if chosen else {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, settings_file())


def settings_file() -> Path:
    """`$INTERNVID_SETTINGS`, or else the nearest `internvid.toml` in the current folder or above it.

    Falls back to the current folder, where the file need not exist.
    """
    named, here = os.environ.get("INTERNVID_SETTINGS"), Path.cwd()
    if named:
        return Path(named).absolute()
    nearest = (folder / SETTINGS_NAME for folder in (here, *here.parents) if (folder / SETTINGS_NAME).is_file())
    return next(nearest, here / SETTINGS_NAME)


def _refuse_absent_file() -> None:
    """A file named explicitly must exist: otherwise other models and thresholds would silently apply."""
    named = os.environ.get("INTERNVID_SETTINGS")
    if named and (not Path(named).exists() or Path(named).is_dir()):
        raise UserError(f"INTERNVID_SETTINGS is {named}, which is not a file; expected an internvid.toml")


def files_beside_settings(name: str) -> str:
    """`name` as a path, if it is a file or folder relative to internvid.toml; otherwise unchanged."""
    path = beside_settings(Path(name))
    return str(path) if path.exists() else name


def beside_settings(path: Path) -> Path:
    """A path from the settings; relative paths start at the folder of internvid.toml."""
    return settings_file().parent / path.expanduser()


def load_settings(overrides: Sequence[str] = ()) -> Settings:
    """The effective settings; `overrides` are `section.key=value` texts, the value in TOML syntax or plain text.

    Raises UserError with a one-line message for an unknown key or an invalid value.
    """
    _refuse_absent_file()
    try:
        settings = Settings(**_nested(overrides))
    except ValidationError as error:
        raise UserError(_one_line(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{settings_file()} is not valid TOML: {error}; expected UTF-8 without a byte-order mark"
        raise UserError(message) from None
    home = settings.home if settings.home.is_absolute() else settings_file().parent / settings.home
    return settings.model_copy(update={"home": Path(os.path.normpath(home))})


def origin(section: str, key: str, overrides: Sequence[str] = ()) -> str:
    """The origin of the value of `section.key`: --set, the environment, the file, or the default."""
    if any(text.partition("=")[0].strip() == f"{section}.{key}" for text in overrides):
        return "--set"
    variable = f"INTERNVID_{section}__{key}".upper()
    if variable in (name.upper() for name in os.environ):
        return variable
    values = tomllib.loads(settings_file().read_text()) if settings_file().exists() else {}
    return settings_file().name if key in values.get(section, {}) else "default"


def _nested(overrides: Sequence[str]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for text in overrides:
        path, separator, value = text.partition("=")
        if not separator or not path.strip():
            raise UserError(f"--set {text}: expected section.key=value, such as clips.threshold=27")
        *sections, key = path.strip().split(".")
        target = nested
        for section in sections:
            target = target.setdefault(section, {})
            if not isinstance(target, dict):
                raise UserError(f"--set {text}: {section} was set to {target!r} before, so it has no key {key}")
        target[key] = _toml_value(value.strip())
    return nested


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    path = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown setting {path}; expected one of: {', '.join(_known_beside(first['loc']))}"
    if first["type"] == "value_error" and isinstance(
        first["input"], dict
    ):  # about a whole section: the error names the key
        return f"setting {path}.{first.get('ctx', {}).get('error')}"
    return f"setting {path} = {first['input']!r}: {first['msg']}"


def _known_beside(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Settings
    for part in location[:-1]:
        if not hasattr(model, "model_fields") or part not in model.model_fields:
            continue  # a key of a table such as [models.captioner]: the value has the fields
        annotation = model.model_fields[part].annotation
        model = next((a for a in (annotation, *get_args(annotation)) if hasattr(a, "model_fields")), model)
    return sorted(model.model_fields)
