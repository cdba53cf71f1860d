"""Profiles: a name for a whole set of models. Choosing one imports neither torch nor transformers.

A profile is a function from the settings' overrides to one spec per capability; `Models` turns specs into adapters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from threading import RLock
from typing import Any

from internvid_assets.cells.errors import UserError
from internvid_assets.models.protocols import (
    AestheticScorer,
    ClipEmbedder,
    FrameCaptioner,
    LanguageModel,
    SimilarityScorer,
    Transcriber,
)
from internvid_assets.models.specs import Capability, ModelSpec, Overrides, files_revision, resolve

SAMPLE_WEIGHTS = Path(__file__).parents[1] / "sample_world" / "weights"

ADAPTERS = "internvid_assets.models"
CAPTIONER = f"{ADAPTERS}.transformers_captioner:load_captioner"
LANGUAGE_MODEL = f"{ADAPTERS}.transformers_language:load_language_model"
EMBEDDER = f"{ADAPTERS}.transformers_clip:load_embedder"
SIMILARITY = f"{ADAPTERS}.transformers_clip:load_similarity"
AESTHETICS = f"{ADAPTERS}.transformers_aesthetics:load_aesthetics"
WHISPER = f"{ADAPTERS}.transformers_whisper:load_whisper"
FASTER_WHISPER = f"{ADAPTERS}.faster_whisper:load_faster_whisper"


def sample(overrides: Overrides) -> dict[Capability, ModelSpec]:
    """Our own tiny models, shipped in the package: CPU, no network. They know the sample world and nothing else.

    None of them hears or translates: the sample world has tones for sound, and subtitles in three languages.
    """

    def spec(capability: Capability, model: str, loader: str) -> ModelSpec:
        name, folder = f"sample-world/{model}", SAMPLE_WEIGHTS / model
        return resolve(capability, overrides, name=name, folder=folder, loader=loader)

    head = overrides.get("aesthetics", {}).get("head") or str(SAMPLE_WEIGHTS / "aesthetic" / "model.safetensors")
    return {
        "captioner": spec("captioner", "captioner", CAPTIONER),
        "frame_captioner": spec("frame_captioner", "captioner", CAPTIONER),
        "language_model": spec("language_model", "language_model", LANGUAGE_MODEL),
        "embedder": spec("embedder", "clip", EMBEDDER),
        "aesthetics": with_head(spec("aesthetics", "clip", AESTHETICS), head),
        "similarity": spec("similarity", "clip", SIMILARITY),
        **_only_if_set("transcriber", overrides, whisper_loader(overrides)),
        **_only_if_set("translator", overrides, LANGUAGE_MODEL),
    }


def paper(overrides: Overrides) -> dict[Capability, ModelSpec]:
    """The models of InternVid 3.2 and 3.3, or their nearest kin that transformers loads; needs a GPU and downloads.

    Kin: BLIP large for Tag2Text at 1 fps, CLIP's cosine for UMT-SIM, Whisper for YouTube's speech recognition. The pins
    are commits of the models' hub pages. The summariser translates too, unless `models.translator` names another.
    """

    def spec(capability: Capability, name: str, revision: str | None, loader: str) -> ModelSpec:
        return resolve(capability, overrides, name=name, revision=revision, loader=loader)

    summariser = "mrm8488/flan-t5-large-finetuned-openai-summarize_from_feedback"
    clip = ("openai/clip-vit-large-patch14", "32bd64288804d66eefd0ccbe215aa642df71cc41")
    blip2 = ("Salesforce/blip2-opt-2.7b", "59a1ef6c1e5117b3f65523d1c6066825bcf315e3")
    blip = ("Salesforce/blip-image-captioning-large", "353689b859fcf0523410b1806dace5fb46ecdf41")
    whisper = ("openai/whisper-large-v3", "06f233fe06e710322aca913c1bc4249a0d71fce1")
    language_model = spec("language_model", summariser, None, LANGUAGE_MODEL)
    return {
        "captioner": spec("captioner", *blip2, CAPTIONER),
        "frame_captioner": spec("frame_captioner", *blip, CAPTIONER),
        "language_model": language_model,
        "embedder": spec("embedder", *clip, EMBEDDER),
        "aesthetics": with_head(spec("aesthetics", *clip, AESTHETICS), overrides.get("aesthetics", {}).get("head")),
        "similarity": spec("similarity", *clip, SIMILARITY),
        "transcriber": spec("transcriber", *whisper, whisper_loader(overrides)),
        "translator": replace(language_model, capability="translator"),
        **_only_if_set("translator", overrides, LANGUAGE_MODEL),
    }


PROFILES: dict[str, Callable[[Overrides], dict[Capability, ModelSpec]]] = {"sample": sample, "paper": paper}


def _only_if_set(capability: Capability, overrides: Overrides, loader: str) -> dict[Capability, ModelSpec]:
    """A capability that the profile itself has no model for."""
    name = overrides.get(capability, {}).get("name")
    return {capability: resolve(capability, overrides, name="", loader=loader)} if name else {}


def whisper_loader(overrides: Overrides) -> str:
    """Which library runs the transcriber: transformers, or the extra `asr`."""
    adapter = overrides.get("transcriber", {}).get("adapter")
    return FASTER_WHISPER if adapter == "faster_whisper" else WHISPER


def with_head(clip: ModelSpec, head: str | None) -> ModelSpec:
    """An aesthetic scorer is a CLIP and a linear head on it: both revisions count."""
    path = Path(head).expanduser() if head else None
    if path is None or not path.is_file():
        raise UserError(
            f"models.aesthetics.head is {head or 'not set'}: expected a linear head's file over {clip.name}, such as "
            "LAION's sa_0_4_vit_l_14_linear.pth (github.com/LAION-AI/aesthetic-predictor)"
        )
    revision = f"{clip.revision}+{files_revision(path)}"
    return replace(clip, name=f"{clip.name}+{path.stem}", revision=revision, files=(("head", str(path)),))


def model_specs(profile: str, overrides: Overrides | None = None) -> dict[Capability, ModelSpec]:
    """One spec per capability, by the profile's name and the settings' `[models.*]` tables.

    The optional capabilities are there only where somebody answers.
    """
    if profile not in PROFILES:
        raise UserError(f"profile is {profile!r}: expected one of {', '.join(PROFILES)}; set profile in internvid.toml")
    return PROFILES[profile](overrides or {})


class Models:
    """The adapters behind a set of specs, each loaded when first asked for and shared by the whole process."""

    def __init__(self, specs: Mapping[Capability, ModelSpec]) -> None:
        self.specs = dict(specs)

    @cached_property
    def captioner(self) -> FrameCaptioner:
        return loaded(self.specs["captioner"])

    @cached_property
    def frame_captioner(self) -> FrameCaptioner:
        return loaded(self.specs["frame_captioner"])

    @cached_property
    def language_model(self) -> LanguageModel:
        return loaded(self.specs["language_model"])

    @cached_property
    def embedder(self) -> ClipEmbedder:
        return loaded(self.specs["embedder"])

    @cached_property
    def aesthetics(self) -> AestheticScorer:
        return loaded(self.specs["aesthetics"])

    @cached_property
    def similarity(self) -> SimilarityScorer:
        return loaded(self.specs["similarity"])

    @cached_property
    def transcriber(self) -> Transcriber:
        return loaded(self.specs["transcriber"])

    @cached_property
    def translator(self) -> LanguageModel:
        return loaded(self.specs["translator"])


_loading = RLock()


def loaded(spec: ModelSpec) -> Any:
    """The process's one adapter of a spec: capabilities that share a model share its weights."""
    with _loading:
        return _load_once(replace(spec, capability="captioner"))


@cache
def _load_once(spec: ModelSpec) -> Any:
    return spec.load()
