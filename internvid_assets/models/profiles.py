"""Profiles: a name for a whole set of models. Choosing one imports neither torch nor transformers.

A profile is a function from the settings' overrides to one spec per capability; `Models` turns specs into adapters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property, partial
from threading import RLock
from typing import Any

from internvid_assets.cells.errors import UserError
from internvid_assets.models.endpoint import SERVER, endpoint_spec
from internvid_assets.models.protocols import (
    AestheticScorer,
    ClipEmbedder,
    FrameCaptioner,
    FrameEmbedder,
    FrameScorer,
    LanguageModel,
    PhraseExtractor,
    SimilarityScorer,
    TextEncoder,
    Transcriber,
    Translator,
    VisionLanguageModel,
)
from internvid_assets.models.score_specs import (
    ADAPTERS,
    AESTHETICS,
    NSFW,
    TEXT_AREA,
    aesthetics,
    frame_scorer,
    similarity,
)
from internvid_assets.models.specs import CAPABILITIES, NOBODY, Capability, ModelSpec, Overrides, named, nobody, resolve
from internvid_assets.models.word_specs import (
    PROMPTS,
    SAMPLE_WEIGHTS,
    captioned_pictures,
    captioner,
    instructed,
    tagged_phrases,
)

CAPTIONER = f"{ADAPTERS}.transformers_captioner:load_captioner"
VISION_LANGUAGE_MODEL = f"{ADAPTERS}.transformers_vision_language:load_vision_language_model"
LANGUAGE_MODEL = f"{ADAPTERS}.transformers_language:load_language_model"
PHRASES = f"{ADAPTERS}.instructed:load_phrase_extractor"
TRANSLATOR = f"{ADAPTERS}.instructed:load_translator"
NO_TRANSLATOR = f"{ADAPTERS}.absent:no_translator"
EMBEDDER = f"{ADAPTERS}.transformers_clip:load_embedder"
FRAME_EMBEDDER = f"{ADAPTERS}.transformers_class_token:load_class_token"
TEXT_ENCODER = f"{ADAPTERS}.transformers_bert:load_text_encoder"
NO_TEXT_ENCODER = f"{ADAPTERS}.absent:no_text_encoder"
WHISPER = f"{ADAPTERS}.transformers_whisper:load_whisper"
FASTER_WHISPER = f"{ADAPTERS}.faster_whisper:load_faster_whisper"
NO_TRANSCRIBER = f"{ADAPTERS}.absent:no_transcriber"
NO_ENCODERS = f"{ADAPTERS}.absent:no_encoders"
ASKED = f"{ADAPTERS}.server"


def sample(overrides: Overrides) -> dict[Capability, ModelSpec]:
    """Our own tiny models, shipped in the package: CPU, no network. They know the sample world and nothing else.

    The language model among them can neither find phrases nor translate, and none of them hears. Phrases are found by a
    part-of-speech tagger; for translations and speech the settings must name a model. None is a chat model that sees:
    captioner and language model stand in for one.
    """

    def spec(capability: Capability, model: str, loader: str) -> ModelSpec:
        name, folder = f"sample-world/{model}", SAMPLE_WEIGHTS / model
        return resolve(capability, overrides, name=name, folder=folder, loader=loader)

    def told(capability: Capability, loader: str) -> ModelSpec | None:
        is_named = overrides.get(capability, {}).get("name")
        return instructed(capability, overrides, language_model, loader) if is_named else None

    language_model = spec("language_model", "language_model", LANGUAGE_MODEL)
    head = overrides.get("aesthetics", {}).get("head") or str(SAMPLE_WEIGHTS / "aesthetic" / "model.safetensors")
    return {
        "captioner": captioner("captioner", overrides, spec("captioner", "captioner", CAPTIONER)),
        "frame_captioner": captioner("frame_captioner", overrides, spec("frame_captioner", "captioner", CAPTIONER)),
        "vision_language_model": named("vision_language_model", overrides, VISION_LANGUAGE_MODEL)
        or captioned_pictures(),
        "language_model": language_model,
        "summariser": named("summariser", overrides, LANGUAGE_MODEL) or captioned_pictures(),
        "phrase_extractor": told("phrase_extractor", PHRASES) or tagged_phrases(),
        "translator": told("translator", TRANSLATOR) or nobody(NO_TRANSLATOR),
        "embedder": spec("embedder", "clip", EMBEDDER),
        "frame_embedder": spec("frame_embedder", "clip", FRAME_EMBEDDER),
        "text_encoder": named("text_encoder", overrides, TEXT_ENCODER) or nobody(NO_TEXT_ENCODER),
        "aesthetics": aesthetics(spec("aesthetics", "clip", AESTHETICS), head),
        "similarity": similarity(overrides, partial(spec, "similarity", "clip"), default="clip"),
        "nsfw": frame_scorer("nsfw", overrides, NSFW),
        "text_area": frame_scorer("text_area", overrides, TEXT_AREA),
        "transcriber": named("transcriber", overrides, whisper_loader(overrides)) or nobody(NO_TRANSCRIBER),
    }


def paper(overrides: Overrides) -> dict[Capability, ModelSpec]:
    """The models of InternVid 3.2 and 3.3, or their nearest kin that transformers loads; needs a GPU and downloads.

    Kin: BLIP large for Tag2Text at 1 fps, Whisper for YouTube's speech recognition, Qwen2.5-VL for the GPT-4V and GPT-4
    of ShareGPT4Video, whose encoders these are. The pins are commits of the models' hub pages; UMT and the aesthetic
    head are on none, so the settings say where their files are. The flan-t5 that fuses captions finds phrases and
    translates, unless settings name another.
    """

    def spec(capability: Capability, name: str, revision: str | None, loader: str) -> ModelSpec:
        return resolve(capability, overrides, name=name, revision=revision, loader=loader)

    flan_t5 = "mrm8488/flan-t5-large-finetuned-openai-summarize_from_feedback"
    clip = ("openai/clip-vit-large-patch14", "32bd64288804d66eefd0ccbe215aa642df71cc41")
    blip2 = ("Salesforce/blip2-opt-2.7b", "59a1ef6c1e5117b3f65523d1c6066825bcf315e3")
    blip = ("Salesforce/blip-image-captioning-large", "353689b859fcf0523410b1806dace5fb46ecdf41")
    qwen = ("Qwen/Qwen2.5-VL-7B-Instruct", "cc594898137f460bfe9f0759e9844b3ce807cfb5")
    clip_336 = ("openai/clip-vit-large-patch14-336", "ce19dc912ca5cd21c8a653c79e251e808ccabcd1")
    bert = ("google-bert/bert-base-uncased", "86b5e0934494bd15c9632b12f734a8a67f723594")
    whisper = ("openai/whisper-large-v3", "06f233fe06e710322aca913c1bc4249a0d71fce1")
    language_model = spec("language_model", flan_t5, None, LANGUAGE_MODEL)
    seeing = spec("vision_language_model", *qwen, VISION_LANGUAGE_MODEL)
    return {
        "captioner": captioner("captioner", overrides, spec("captioner", *blip2, CAPTIONER)),
        "frame_captioner": captioner("frame_captioner", overrides, spec("frame_captioner", *blip, CAPTIONER)),
        "vision_language_model": seeing,
        "language_model": language_model,
        "summariser": named("summariser", overrides, LANGUAGE_MODEL) or seeing,
        "phrase_extractor": instructed("phrase_extractor", overrides, language_model, PHRASES),
        "translator": instructed("translator", overrides, language_model, TRANSLATOR),
        "embedder": spec("embedder", *clip, EMBEDDER),
        "frame_embedder": spec("frame_embedder", *clip_336, FRAME_EMBEDDER),
        "text_encoder": spec("text_encoder", *bert, TEXT_ENCODER),
        "aesthetics": aesthetics(spec("aesthetics", *clip, AESTHETICS), overrides.get("aesthetics", {}).get("head")),
        "similarity": similarity(overrides, partial(spec, "similarity", *clip), default="umt"),
        "nsfw": frame_scorer("nsfw", overrides, NSFW),
        "text_area": frame_scorer("text_area", overrides, TEXT_AREA),
        "transcriber": spec("transcriber", *whisper, whisper_loader(overrides)),
    }


def server(overrides: Overrides) -> dict[Capability, ModelSpec]:
    """Captions and language from an OpenAI-compatible endpoint; what embeds, scores and hears runs here, if anything.

    `[server]` says where, and whose encoders those are; `[models.<capability>.server]` sends one capability elsewhere.
    """

    def asked(capability: Capability, load: str, prompt: str | None = None) -> ModelSpec:
        path = PROMPTS / f"{prompt}.txt" if prompt else None
        return endpoint_spec(capability, overrides, loader=f"{ASKED}:{load}", prompt=path)

    specs: dict[Capability, ModelSpec] = {
        "captioner": asked("captioner", "load_captioner", "captioner"),
        "frame_captioner": asked("frame_captioner", "load_captioner", "captioner"),
        "vision_language_model": asked("vision_language_model", "load_model"),
        "language_model": asked("language_model", "load_model"),
        "summariser": asked("summariser", "load_model"),
        "phrase_extractor": asked("phrase_extractor", "load_phrase_extractor", "phrase_extractor"),
        "translator": asked("translator", "load_translator", "translator"),
    }
    rest = {capability: told for capability, told in overrides.items() if capability not in specs}
    return {**encoders(rest), **specs}


PROFILES: dict[str, Callable[[Overrides], dict[Capability, ModelSpec]]] = {
    "sample": sample,
    "paper": paper,
    SERVER: server,
}


def encoders(overrides: Overrides) -> dict[Capability, ModelSpec]:
    """The models of the profile that `server.encoders` names; a summariser of its own is not asked, nor pinned."""
    chosen = overrides.get(SERVER, {}).get("encoders") or NOBODY
    if chosen == NOBODY:
        return {capability: nobody(NO_ENCODERS) for capability in CAPABILITIES}
    return PROFILES[chosen]({**overrides, "language_model": {"revision": "never asked"}})


def whisper_loader(overrides: Overrides) -> str:
    """Which library runs the transcriber: transformers, or the extra `asr`."""
    adapter = overrides.get("transcriber", {}).get("adapter")
    return FASTER_WHISPER if adapter == "faster_whisper" else WHISPER


def model_specs(profile: str, overrides: Overrides | None = None) -> dict[Capability, ModelSpec]:
    """One spec per capability, by the profile's name and the settings' `[models.*]` tables."""
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
    def vision_language_model(self) -> VisionLanguageModel:
        return loaded(self.specs["vision_language_model"])

    @cached_property
    def language_model(self) -> LanguageModel:
        return loaded(self.specs["language_model"])

    @cached_property
    def summariser(self) -> LanguageModel:
        return loaded(self.specs["summariser"])

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
    def frame_embedder(self) -> FrameEmbedder:
        return loaded(self.specs["frame_embedder"])

    @cached_property
    def text_encoder(self) -> TextEncoder:
        return loaded(self.specs["text_encoder"])

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
