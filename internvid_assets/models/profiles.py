"""Profiles: named sets of models. Selecting one imports neither torch nor transformers.

A profile is a function from the settings' overrides to one spec per capability; `loaded.Models` has their adapters.
Specs are resolved on demand, so that a missing model does not affect the others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from internvid_assets.cells.errors import UserError
from internvid_assets.models.adapters import CAPTIONERS, MODELS, TRANSCRIBERS
from internvid_assets.models.captioner_specs import captioner
from internvid_assets.models.embedder_specs import video_embedder
from internvid_assets.models.endpoint import SERVER, endpoint_spec
from internvid_assets.models.score_specs import (
    AESTHETICS,
    NSFW,
    TEXT_AREA,
    aesthetics,
    frame_scorer,
    similarity,
)
from internvid_assets.models.specs import (
    CAPABILITIES,
    NOBODY,
    PROMPTS,
    Capability,
    ModelSpec,
    Overrides,
    named,
    nobody,
    resolve,
)
from internvid_assets.models.word_specs import SAMPLE_WEIGHTS, captioned_pictures, instructed, tagged_phrases

CAPTIONER = CAPTIONERS["transformers"].loader
VISION_LANGUAGE_MODEL = f"{MODELS}.transformers_vision_language:load_vision_language_model"
LANGUAGE_MODEL = f"{MODELS}.transformers_language:load_language_model"
PHRASES = f"{MODELS}.instructed:load_phrase_extractor"
TRANSLATOR = f"{MODELS}.instructed:load_translator"
NO_TRANSLATOR = f"{MODELS}.absent:no_translator"
EMBEDDER = f"{MODELS}.transformers_clip:load_embedder"
FRAME_EMBEDDER = f"{MODELS}.transformers_class_token:load_class_token"
TEXT_ENCODER = f"{MODELS}.transformers_bert:load_text_encoder"
NO_TEXT_ENCODER = f"{MODELS}.absent:no_text_encoder"
NO_TRANSCRIBER = f"{MODELS}.absent:no_transcriber"
NO_ENCODERS = f"{MODELS}.absent:no_encoders"
ASKED = f"{MODELS}.server"

Finders: TypeAlias = dict[Capability, Callable[[], ModelSpec]]
"""By capability, a function that returns its spec, or raises UserError if a setting or a file is missing."""


SAMPLE_FOLDERS: dict[Capability, str] = {
    "captioner": "captioner",
    "frame_captioner": "captioner",
    "language_model": "language_model",
    **dict.fromkeys(("embedder", "frame_embedder", "aesthetics", "similarity"), "clip"),
}
"""Our own tiny models: the weights folder of each capability."""

CLIP_L14 = ("openai/clip-vit-large-patch14", "32bd64288804d66eefd0ccbe215aa642df71cc41")
PAPER_MODELS: dict[Capability, tuple[str, str | None]] = {
    "captioner": ("Salesforce/blip2-opt-2.7b", "59a1ef6c1e5117b3f65523d1c6066825bcf315e3"),
    "frame_captioner": ("Salesforce/blip-image-captioning-large", "353689b859fcf0523410b1806dace5fb46ecdf41"),
    "vision_language_model": ("Qwen/Qwen2.5-VL-7B-Instruct", "cc594898137f460bfe9f0759e9844b3ce807cfb5"),
    "language_model": ("mrm8488/flan-t5-large-finetuned-openai-summarize_from_feedback", None),
    "embedder": CLIP_L14,
    "frame_embedder": ("openai/clip-vit-large-patch14-336", "ce19dc912ca5cd21c8a653c79e251e808ccabcd1"),
    "text_encoder": ("google-bert/bert-base-uncased", "86b5e0934494bd15c9632b12f734a8a67f723594"),
    "aesthetics": CLIP_L14,
    "similarity": CLIP_L14,
    "transcriber": ("openai/whisper-large-v3", "06f233fe06e710322aca913c1bc4249a0d71fce1"),
}
"""Hub ids and commits."""


def sample(overrides: Overrides) -> Finders:
    """Our own tiny models, shipped in the package: CPU, no network. They only know the sample world.

    Their language model can neither extract phrases nor translate, and there is no speech recognition. A part-of-speech
    tagger extracts phrases; translation and speech need a configured model. Captioner and language model together
    replace a vision-language model.
    """

    def spec(capability: Capability, loader: str) -> ModelSpec:
        folder = SAMPLE_WEIGHTS / SAMPLE_FOLDERS[capability]
        return resolve(capability, overrides, name=f"sample-world/{folder.name}", folder=folder, loader=loader)

    def prompted(capability: Capability, loader: str) -> ModelSpec | None:
        is_named = overrides.get(capability, {}).get("name")
        return instructed(capability, overrides, spec("language_model", LANGUAGE_MODEL), loader) if is_named else None

    def own(capability: Capability, loader: str) -> ModelSpec | None:
        return named(capability, overrides, loader)

    head = str(SAMPLE_WEIGHTS / "aesthetic" / "model.safetensors")
    return {
        **of_both(overrides, spec, head=head, scorer="clip"),
        "vision_language_model": lambda: own("vision_language_model", VISION_LANGUAGE_MODEL) or captioned_pictures(),
        "summariser": lambda: own("summariser", LANGUAGE_MODEL) or captioned_pictures(),
        "phrase_extractor": lambda: prompted("phrase_extractor", PHRASES) or tagged_phrases(),
        "translator": lambda: prompted("translator", TRANSLATOR) or nobody(NO_TRANSLATOR),
        "text_encoder": lambda: own("text_encoder", TEXT_ENCODER) or nobody(NO_TEXT_ENCODER),
        "transcriber": lambda: own("transcriber", whisper_loader(overrides)) or nobody(NO_TRANSCRIBER),
    }


def paper(overrides: Overrides) -> Finders:
    """The models of InternVid 3.2 and 3.3, or their closest equivalents in transformers; needs a GPU and downloads.

    Equivalents: BLIP large for Tag2Text at 1 fps, Whisper for YouTube's speech recognition, Qwen2.5-VL for GPT-4V and
    GPT-4 in ShareGPT4Video; the encoders are ShareGPT4Video's own. UMT and the aesthetic head are not on the hub, so
    their files have to be configured. The flan-t5 that fuses captions also extracts phrases and translates by default.
    """

    def spec(capability: Capability, loader: str) -> ModelSpec:
        name, revision = PAPER_MODELS[capability]
        return resolve(capability, overrides, name=name, revision=revision, loader=loader)

    def prompted(capability: Capability, loader: str) -> ModelSpec:
        return instructed(capability, overrides, spec("language_model", LANGUAGE_MODEL), loader)

    def seeing() -> ModelSpec:
        return spec("vision_language_model", VISION_LANGUAGE_MODEL)

    return {
        **of_both(overrides, spec, head=None, scorer="umt"),
        "vision_language_model": seeing,
        "summariser": lambda: named("summariser", overrides, LANGUAGE_MODEL) or seeing(),
        "phrase_extractor": lambda: prompted("phrase_extractor", PHRASES),
        "translator": lambda: prompted("translator", TRANSLATOR),
        "text_encoder": lambda: spec("text_encoder", TEXT_ENCODER),
        "transcriber": lambda: spec("transcriber", whisper_loader(overrides)),
    }


def of_both(
    overrides: Overrides, spec: Callable[[Capability, str], ModelSpec], *, head: str | None, scorer: str
) -> Finders:
    """The finders shared by `sample` and `paper`; `spec` returns a profile's own model of a capability for a loader.

    `head` and `scorer` are the profile's aesthetic head and its adapter for `similarity`.
    """

    def captioning(capability: Capability) -> ModelSpec:
        return captioner(capability, overrides, partial(spec, capability, CAPTIONER))

    def embedder() -> ModelSpec:
        return spec("embedder", EMBEDDER)

    head = overrides.get("aesthetics", {}).get("head") or head
    return {
        "captioner": partial(captioning, "captioner"),
        "frame_captioner": partial(captioning, "frame_captioner"),
        "language_model": partial(spec, "language_model", LANGUAGE_MODEL),
        "embedder": embedder,
        "video_embedder": lambda: video_embedder(overrides, embedder),
        "frame_embedder": partial(spec, "frame_embedder", FRAME_EMBEDDER),
        "aesthetics": lambda: aesthetics(spec("aesthetics", AESTHETICS), head),
        "similarity": lambda: similarity(overrides, partial(spec, "similarity"), default=scorer),
        "nsfw": lambda: frame_scorer("nsfw", overrides, NSFW),
        "text_area": lambda: frame_scorer("text_area", overrides, TEXT_AREA),
    }


def server(overrides: Overrides) -> Finders:
    """Captions and language from an OpenAI-compatible endpoint; all other models, if any, run on this machine.

    `[server]` sets the endpoint and the profile of the other models; `[models.<capability>.server]` overrides it.
    """

    def asked(capability: Capability, load: str, prompt: str | None = None) -> ModelSpec:
        path = PROMPTS / f"{prompt}.txt" if prompt else None
        return endpoint_spec(capability, overrides, loader=f"{ASKED}:{load}", prompt=path)

    words: Finders = {
        "captioner": lambda: asked("captioner", "load_captioner", "captioner"),
        "frame_captioner": lambda: asked("frame_captioner", "load_captioner", "captioner"),
        "vision_language_model": lambda: asked("vision_language_model", "load_model"),
        "language_model": lambda: asked("language_model", "load_model"),
        "summariser": lambda: asked("summariser", "load_model"),
        "phrase_extractor": lambda: asked("phrase_extractor", "load_phrase_extractor", "phrase_extractor"),
        "translator": lambda: asked("translator", "load_translator", "translator"),
    }
    rest = {capability: settings for capability, settings in overrides.items() if capability not in words}
    return {**encoders(rest), **words}


PROFILES: dict[str, Callable[[Overrides], Finders]] = {
    "sample": sample,
    "paper": paper,
    SERVER: server,
}


def encoders(overrides: Overrides) -> Finders:
    """The models of the profile `server.encoders`."""
    chosen = overrides.get(SERVER, {}).get("encoders") or NOBODY
    if chosen == NOBODY:
        return dict.fromkeys(CAPABILITIES, partial(nobody, NO_ENCODERS))
    return PROFILES[chosen](overrides)


def whisper_loader(overrides: Overrides) -> str:
    """The loader of the transcriber: transformers, or the extra `asr`."""
    return TRANSCRIBERS[overrides.get("transcriber", {}).get("adapter") or "transformers"].loader


def model_specs(profile: str, overrides: Overrides | None = None) -> dict[Capability, ModelSpec]:
    """One spec per capability, for a profile and the settings' `[models.*]` tables."""
    return {capability: find() for capability, find in spec_finders(profile, overrides).items()}


def spec_finders(profile: str, overrides: Overrides | None = None) -> Finders:
    """The finder of each spec of `model_specs`, in the order of `CAPABILITIES`."""
    if profile not in PROFILES:
        raise UserError(f"profile is {profile!r}: expected one of {', '.join(PROFILES)}; set profile in internvid.toml")
    finders = PROFILES[profile](overrides or {})
    return {capability: finders[capability] for capability in CAPABILITIES}
