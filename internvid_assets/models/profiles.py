"""Profiles: a name for a whole set of models. Choosing one imports neither torch nor transformers.

A profile is a function from the settings' overrides to one spec per capability; `Models` turns specs into adapters.
Each spec is found when asked for, so that what is missing for one model says nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property, partial
from pathlib import Path
from threading import RLock
from typing import Any, TypeAlias

from internvid_assets.cells.errors import UserError
from internvid_assets.language.verbs import tagger_identity
from internvid_assets.models.captioner_specs import captioner
from internvid_assets.models.endpoint import SERVER, endpoint_spec
from internvid_assets.models.protocols import (
    AestheticScorer,
    ClipEmbedder,
    FrameCaptioner,
    FrameScorer,
    LanguageModel,
    PhraseExtractor,
    SimilarityScorer,
    Transcriber,
    Translator,
)
from internvid_assets.models.score_specs import AESTHETICS, NSFW, TEXT_AREA, aesthetics, frame_scorer, similarity
from internvid_assets.models.specs import (
    CAPABILITIES,
    NOBODY,
    PROMPTS,
    Capability,
    ModelSpec,
    Overrides,
    existing_folder,
    resolve,
    told_by,
)

SAMPLE_WEIGHTS = Path(__file__).parents[1] / "sample_world" / "weights"

ADAPTERS = "internvid_assets.models"
CAPTIONER = f"{ADAPTERS}.transformers_captioner:load_captioner"
LANGUAGE_MODEL = f"{ADAPTERS}.transformers_language:load_language_model"
TAGGED_PHRASES = f"{ADAPTERS}.tagged_phrases:load_tagged_phrases"
PHRASES = f"{ADAPTERS}.instructed:load_phrase_extractor"
TRANSLATOR = f"{ADAPTERS}.instructed:load_translator"
NO_TRANSLATOR = f"{ADAPTERS}.absent:no_translator"
EMBEDDER = f"{ADAPTERS}.transformers_clip:load_embedder"
WHISPER = f"{ADAPTERS}.transformers_whisper:load_whisper"
FASTER_WHISPER = f"{ADAPTERS}.faster_whisper:load_faster_whisper"
NO_TRANSCRIBER = f"{ADAPTERS}.absent:no_transcriber"
NO_ENCODERS = f"{ADAPTERS}.absent:no_encoders"
ASKED = f"{ADAPTERS}.server"

Finders: TypeAlias = dict[Capability, Callable[[], ModelSpec]]
"""By capability, what finds its spec, or raises UserError: something is missing in the settings or on this machine."""


def sample(overrides: Overrides) -> Finders:
    """Our own tiny models, shipped in the package: CPU, no network. They know the sample world and nothing else.

    The language model among them can neither find phrases nor translate, and none of them hears. Phrases are found by a
    part-of-speech tagger; for translations and speech the settings must name a model.
    """

    def spec(capability: Capability, model: str, loader: str) -> ModelSpec:
        name, folder = f"sample-world/{model}", SAMPLE_WEIGHTS / model
        return resolve(capability, overrides, name=name, folder=folder, loader=loader)

    def told(capability: Capability, loader: str) -> ModelSpec | None:
        is_named = overrides.get(capability, {}).get("name")
        return instructed(capability, overrides, language_model(), loader) if is_named else None

    def language_model() -> ModelSpec:
        return spec("language_model", "language_model", LANGUAGE_MODEL)

    head = overrides.get("aesthetics", {}).get("head") or str(SAMPLE_WEIGHTS / "aesthetic" / "model.safetensors")
    return {
        "captioner": lambda: captioner("captioner", overrides, partial(spec, "captioner", "captioner", CAPTIONER)),
        "frame_captioner": lambda: captioner(
            "frame_captioner", overrides, partial(spec, "frame_captioner", "captioner", CAPTIONER)
        ),
        "language_model": language_model,
        "phrase_extractor": lambda: told("phrase_extractor", PHRASES) or tagged_phrases(),
        "translator": lambda: told("translator", TRANSLATOR) or nobody(NO_TRANSLATOR),
        "embedder": lambda: spec("embedder", "clip", EMBEDDER),
        "aesthetics": lambda: aesthetics(spec("aesthetics", "clip", AESTHETICS), head),
        "similarity": lambda: similarity(overrides, partial(spec, "similarity", "clip"), default="clip"),
        "nsfw": lambda: frame_scorer("nsfw", overrides, NSFW),
        "text_area": lambda: frame_scorer("text_area", overrides, TEXT_AREA),
        "transcriber": lambda: named_whisper(overrides) or nobody(NO_TRANSCRIBER),
    }


def paper(overrides: Overrides) -> Finders:
    """The models of InternVid 3.2 and 3.3, or their nearest kin that transformers loads; needs a GPU and downloads.

    Kin: BLIP large for Tag2Text at 1 fps, Whisper for YouTube's speech recognition. The pins are commits of the models'
    hub pages; UMT and the aesthetic head are on none, so the settings say where their files are. The summariser finds
    phrases and translates, unless settings name another.
    """

    def spec(capability: Capability, name: str, revision: str | None, loader: str) -> ModelSpec:
        return resolve(capability, overrides, name=name, revision=revision, loader=loader)

    summariser = "mrm8488/flan-t5-large-finetuned-openai-summarize_from_feedback"
    clip = ("openai/clip-vit-large-patch14", "32bd64288804d66eefd0ccbe215aa642df71cc41")
    blip2 = ("Salesforce/blip2-opt-2.7b", "59a1ef6c1e5117b3f65523d1c6066825bcf315e3")
    blip = ("Salesforce/blip-image-captioning-large", "353689b859fcf0523410b1806dace5fb46ecdf41")
    whisper = ("openai/whisper-large-v3", "06f233fe06e710322aca913c1bc4249a0d71fce1")
    head = overrides.get("aesthetics", {}).get("head")

    def language_model() -> ModelSpec:
        return spec("language_model", summariser, None, LANGUAGE_MODEL)

    return {
        "captioner": lambda: captioner("captioner", overrides, partial(spec, "captioner", *blip2, CAPTIONER)),
        "frame_captioner": lambda: captioner(
            "frame_captioner", overrides, partial(spec, "frame_captioner", *blip, CAPTIONER)
        ),
        "language_model": language_model,
        "phrase_extractor": lambda: instructed("phrase_extractor", overrides, language_model(), PHRASES),
        "translator": lambda: instructed("translator", overrides, language_model(), TRANSLATOR),
        "embedder": lambda: spec("embedder", *clip, EMBEDDER),
        "aesthetics": lambda: aesthetics(spec("aesthetics", *clip, AESTHETICS), head),
        "similarity": lambda: similarity(overrides, partial(spec, "similarity", *clip), default="umt"),
        "nsfw": lambda: frame_scorer("nsfw", overrides, NSFW),
        "text_area": lambda: frame_scorer("text_area", overrides, TEXT_AREA),
        "transcriber": lambda: spec("transcriber", *whisper, whisper_loader(overrides)),
    }


def server(overrides: Overrides) -> Finders:
    """Captions and language from an OpenAI-compatible endpoint; what embeds, scores and hears runs here, if anything.

    `[server]` says where, and whose encoders those are; `[models.<capability>.server]` sends one capability elsewhere.
    """

    def asked(capability: Capability, load: str, prompt: str | None = None) -> ModelSpec:
        path = PROMPTS / f"{prompt}.txt" if prompt else None
        return endpoint_spec(capability, overrides, loader=f"{ASKED}:{load}", prompt=path)

    words: Finders = {
        "captioner": lambda: asked("captioner", "load_captioner", "captioner"),
        "frame_captioner": lambda: asked("frame_captioner", "load_captioner", "captioner"),
        "language_model": lambda: asked("language_model", "load_model"),
        "phrase_extractor": lambda: asked("phrase_extractor", "load_phrase_extractor", "phrase_extractor"),
        "translator": lambda: asked("translator", "load_translator", "translator"),
    }
    rest = {capability: told for capability, told in overrides.items() if capability not in words}
    return {**encoders(rest), **words}


PROFILES: dict[str, Callable[[Overrides], Finders]] = {
    "sample": sample,
    "paper": paper,
    SERVER: server,
}


def encoders(overrides: Overrides) -> Finders:
    """The models of the profile that `server.encoders` names."""
    chosen = overrides.get(SERVER, {}).get("encoders") or NOBODY
    if chosen == NOBODY:
        return dict.fromkeys(CAPABILITIES, partial(nobody, NO_ENCODERS))
    return PROFILES[chosen](overrides)


def instructed(capability: Capability, overrides: Overrides, language_model: ModelSpec, loader: str) -> ModelSpec:
    """The profile's language model, or the one in the settings, told what to do by a prompt: both revisions count."""
    model, folder = language_model, existing_folder(language_model.source)
    spec = resolve(capability, overrides, name=model.name, revision=model.revision, folder=folder, loader=loader)
    return told_by(PROMPTS / f"{capability}.txt", spec)


def named_whisper(overrides: Overrides) -> ModelSpec | None:
    """The transcriber of the settings, if they name one."""
    is_named = overrides.get("transcriber", {}).get("name")
    return resolve("transcriber", overrides, name="", loader=whisper_loader(overrides)) if is_named else None


def whisper_loader(overrides: Overrides) -> str:
    """Which library runs the transcriber: transformers, or the extra `asr`."""
    adapter = overrides.get("transcriber", {}).get("adapter")
    return FASTER_WHISPER if adapter == "faster_whisper" else WHISPER


def nobody(loader: str) -> ModelSpec:
    """The spec of a capability that nobody has; `loader` says so when it is asked for all the same."""
    return ModelSpec(NOBODY, NOBODY, "", loader)


def tagged_phrases() -> ModelSpec:
    """Phrases by the tagger that finds the verbs of captions."""
    name, revision = tagger_identity()
    return ModelSpec(f"phrases by {name}", revision, "", TAGGED_PHRASES)


def model_specs(profile: str, overrides: Overrides | None = None) -> dict[Capability, ModelSpec]:
    """One spec per capability, by the profile's name and the settings' `[models.*]` tables."""
    return {capability: find() for capability, find in spec_finders(profile, overrides).items()}


def spec_finders(profile: str, overrides: Overrides | None = None) -> Finders:
    """What finds each spec of `model_specs`."""
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
    def phrase_extractor(self) -> PhraseExtractor:
        return loaded(self.specs["phrase_extractor"])

    @cached_property
    def translator(self) -> Translator:
        return loaded(self.specs["translator"])

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
    def nsfw(self) -> FrameScorer:
        return loaded(self.specs["nsfw"])

    @cached_property
    def text_area(self) -> FrameScorer:
        return loaded(self.specs["text_area"])

    @cached_property
    def transcriber(self) -> Transcriber:
        return loaded(self.specs["transcriber"])

    def label(self, capability: Capability) -> str:
        """Name and revision in one text, for a column that says who answered."""
        return "@".join(self.specs[capability].identity)

    def has(self, capability: Capability) -> bool:
        """Whether anybody answers: a table that can do without then leaves its column null."""
        return self.specs[capability].name != NOBODY


_loading = RLock()


def loaded(spec: ModelSpec) -> Any:
    """The process's one adapter of a spec: capabilities that share a model share its weights."""
    with _loading:
        return _load_once(spec)


@cache
def _load_once(spec: ModelSpec) -> Any:
    return spec.load()
