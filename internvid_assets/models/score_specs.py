"""Which model computes a score: an adapter, its weights, and further files that are part of its revision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from internvid_assets.cells.errors import UserError
from internvid_assets.models.adapters import MODELS, SIMILARITY
from internvid_assets.models.specs import NOBODY, Capability, ModelSpec, Overrides, files_revision, resolve
from internvid_assets.models.viclip_specs import viclip

NSFW = f"{MODELS}.transformers_nsfw:load_nsfw"
TEXT_AREA = f"{MODELS}.transformers_text_area:load_text_detector"
NO_FRAME_SCORER = f"{MODELS}.absent:no_frame_scorer"
AESTHETICS = f"{MODELS}.transformers_aesthetics:load_aesthetics"


def similarity(overrides: Overrides, clip: Callable[[str], ModelSpec], *, default: str) -> ModelSpec:
    """The scorer of `models.similarity.adapter`; `clip` returns the configured or the profile's CLIP for a loader."""
    chosen = overrides.get("similarity", {})
    adapter = chosen.get("adapter") or default
    if adapter not in SIMILARITY:
        raise UserError(f"models.similarity.adapter is {adapter!r}: expected one of {', '.join(SIMILARITY)}")
    loader = SIMILARITY[adapter].loader
    if adapter == "umt":
        return umt(chosen.get("name"), chosen.get("tokenizer"))
    if adapter == "viclip":
        return viclip("similarity", overrides, loader)
    spec = clip(loader)
    return spec if adapter == "clip" else replace(spec, name=f"{spec.name}+one_frame")


def umt(checkpoint: str | None, tokenizer: str | None) -> ModelSpec:
    """A published checkpoint of UMT and the tokenizer of its BERT: both are part of the revision."""
    path = Path(checkpoint).expanduser() if checkpoint else None
    if path is None or not path.is_file():
        raise UserError(
            f"models.similarity.name is {checkpoint or 'not set'}: expected a multi-modal UMT checkpoint file, such as "
            'l16_25m.pth (github.com/OpenGVLab/unmasked_teacher); or set models.similarity.adapter = "clip"'
        )
    return with_words("similarity", path, tokenizer, SIMILARITY["umt"].loader)


def with_words(capability: Capability, checkpoint: Path, tokenizer: str | None, loader: str) -> ModelSpec:
    """A checkpoint that comes without the tokenizer of its BERT."""
    words = Path(tokenizer).expanduser() if tokenizer else None
    if words is None or not (words / "vocab.txt").is_file():
        raise UserError(
            f"models.{capability}.tokenizer is {tokenizer or 'not set'}: expected a folder with the vocab.txt of "
            "bert-large-uncased, or of bert-base-uncased: they are the same"
        )
    revision = f"{files_revision(checkpoint)}+{files_revision(words / 'vocab.txt')}"
    return ModelSpec(checkpoint.stem, revision, str(checkpoint), loader, files=(("tokenizer", str(words)),))


def frame_scorer(capability: Capability, overrides: Overrides, loader: str) -> ModelSpec:
    """The configured scorer; the papers name none, so no profile has a default."""
    if overrides.get(capability, {}).get("name"):
        return resolve(capability, overrides, name="", loader=loader)
    return ModelSpec(NOBODY, NOBODY, "", NO_FRAME_SCORER)


def aesthetics(clip: ModelSpec, head: str | None) -> ModelSpec:
    """A CLIP and an aesthetic head: both are part of the revision."""
    path = Path(head).expanduser() if head else None
    if path is None or not path.is_file():
        raise UserError(
            f"models.aesthetics.head is {head or 'not set'}: expected the file of a head for {clip.name}, such as "
            "LAION's sa_0_4_vit_l_14_linear.pth (github.com/LAION-AI/aesthetic-predictor)"
        )
    revision = f"{clip.revision}+{files_revision(path)}"
    return replace(clip, name=f"{clip.name}+{path.stem}", revision=revision, files=(("head", str(path)),))
