"""A ViCLIP for scores or embeddings: the configured checkpoint, identified by its weights, sizes and tokenizer."""

from __future__ import annotations

from pathlib import Path

from internvid_assets.cells.errors import UserError
from internvid_assets.models.specs import Capability, ModelSpec, Overrides, files_revision
from internvid_assets.viclip_parameters import CLIP_WORDS

WEIGHTS, WORDS = "model.safetensors", "tokenizer.json"
ANSWERS_DEPEND_ON = (WEIGHTS, "config.json", WORDS, "tokenizer_config.json")
"""The relevant files of a checkpoint's folder; training keeps others there that do not affect embeddings."""
CURRENT = "current.txt"
"""Names the latest checkpoint of a subset; it changes, so a folder with it does not identify a checkpoint."""
OF_WORDS = (WORDS, "tokenizer_config.json", "vocab.json", "merges.txt")


def viclip(capability: Capability, overrides: Overrides, loader: str) -> ModelSpec:
    """The checkpoint of `models.<capability>`: a folder, as written by training, or a file, as released."""
    chosen = overrides.get(capability, {})
    path = _checkpoint(capability, chosen.get("name"))
    is_folder, tokenizer = path.is_dir(), chosen.get("tokenizer")
    has_words = is_folder and (path / WORDS).is_file()
    words = _words(capability, tokenizer) if tokenizer else str(path) if has_words else CLIP_WORDS
    revision = files_revision(path, of=ANSWERS_DEPEND_ON) if is_folder else files_revision(path)
    if tokenizer:
        revision += f"+{words if words == CLIP_WORDS else files_revision(Path(words), of=OF_WORDS)}"
    name = f"viclip/{path.name if is_folder else path.stem}"
    return ModelSpec(name, revision, str(path), loader, files=(("tokenizer", words),))


def _checkpoint(capability: Capability, name: str | None) -> Path:
    path = Path(name or "").expanduser()
    if name and (path.is_file() or (path / WEIGHTS).is_file()):
        return path.resolve()
    expected = f"expected a ViCLIP checkpoint: a folder with {WEIGHTS}, or a file such as ViClip-InternVid-10M-FLT.pth"
    if name and (path / CURRENT).is_file():
        example = path / (path / CURRENT).read_text().strip()
        expected = f"this folder has the checkpoints of a subset; set one of them, such as {example}"
    raise UserError(f"models.{capability}.name is {name or 'not set'}: {expected}")


def _words(capability: Capability, tokenizer: str) -> str:
    folder = Path(tokenizer).expanduser()
    if tokenizer == CLIP_WORDS or (folder / WORDS).is_file() or (folder / "vocab.json").is_file():
        return tokenizer if tokenizer == CLIP_WORDS else str(folder)
    raise UserError(
        f"models.{capability}.tokenizer is {tokenizer}: expected {CLIP_WORDS}, or a folder with the {WORDS} of a CLIP"
    )
