"""Which model extracts phrases and translates; its prompts are part of its revision."""

from __future__ import annotations

from pathlib import Path

from internvid_assets.language.verbs import tagger_identity
from internvid_assets.models.adapters import MODELS
from internvid_assets.models.specs import (
    PROMPTS,
    Capability,
    ModelSpec,
    Overrides,
    existing_folder,
    files_revision,
    resolve,
    with_prompt,
)

SAMPLE_WEIGHTS = Path(__file__).parents[1] / "sample_world" / "weights"

FUSION_PROMPT = Path(__file__).parents[1] / "captions" / "prompts" / "fusion.txt"
"""The prompt that the sample world's language model was trained with."""

TAGGED_PHRASES = f"{MODELS}.tagged_phrases:load_tagged_phrases"
CAPTIONED_PICTURES = f"{MODELS}.captioned_pictures:load_captioned_pictures"


def instructed(capability: Capability, overrides: Overrides, language_model: ModelSpec, loader: str) -> ModelSpec:
    """The profile's or the configured language model with a prompt: both are part of the revision."""
    model, folder = language_model, existing_folder(language_model.source)
    spec = resolve(capability, overrides, name=model.name, revision=model.revision, folder=folder, loader=loader)
    return with_prompt(PROMPTS / f"{capability}.txt", spec)


def captioned_pictures() -> ModelSpec:
    """The sample world's captioner and language model together, with the prompt the latter was trained with."""
    captioner, language_model = (SAMPLE_WEIGHTS / model for model in ("captioner", "language_model"))
    revision = "+".join(files_revision(path) for path in (captioner, language_model, FUSION_PROMPT))
    files = (("language_model", str(language_model)), ("prompt", str(FUSION_PROMPT)))
    return ModelSpec("sample-world/captioner+language_model", revision, str(captioner), CAPTIONED_PICTURES, files)


def tagged_phrases() -> ModelSpec:
    """Phrase extraction with the tagger that also finds the verbs of captions."""
    name, revision = tagger_identity()
    return ModelSpec(f"phrases by {name}", revision, "", TAGGED_PHRASES)
