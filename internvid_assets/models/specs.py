"""Model specs: which model serves which capability, identified for recipes without loading it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args

from internvid_assets.cells.errors import RunStopped, UserError

Capability = Literal[
    "captioner",
    "frame_captioner",
    "vision_language_model",
    "language_model",
    "summariser",
    "phrase_extractor",
    "translator",
    "embedder",
    "video_embedder",
    "frame_embedder",
    "text_encoder",
    "aesthetics",
    "similarity",
    "nsfw",
    "text_area",
    "transcriber",
]
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)
PROMPTS = Path(__file__).parent / "prompts"
NOBODY = "none"
"""The name and revision of a capability that a profile has no model for."""

Overrides = Mapping[str, Mapping[str, Any]]
"""The settings' `[models.<capability>]` tables: `name`, `revision` and so on, which override the profile.

The key `server` has the section of that name."""


@dataclass(frozen=True)
class ModelSpec:
    """A model: its identity for recipes (`identity`), and how to load its adapter (`load`).

    `loader` is "module:function", imported when the model is first used. `source` (a folder or hub id) and `files`
    (further arguments of the loader) are locations on this machine: they are not part of a recipe.
    """

    name: str
    revision: str
    source: str
    loader: str
    files: tuple[tuple[str, str], ...] = ()

    @property
    def identity(self) -> tuple[str, str]:
        """(name, weights revision): the model's identity in recipes, the same on every machine."""
        return self.name, self.revision

    def load(self) -> Any:
        """The adapter, with its weights in memory (imports torch). Raises UserError for files that cannot be read."""
        module, function = self.loader.split(":")
        load = getattr(import_module(module), function)
        try:
            return load(self.source, self.revision, **dict(self.files))
        except (UserError, RunStopped):
            raise
        except Exception as error:  # damaged or unsuitable files: each library has its own errors
            places = ", ".join(filter(None, (self.source, *(place for key, place in self.files if key != "endpoint"))))
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            raise UserError(
                f"cannot load {self.name} from {places} ({reason}); set other files, or restore these"
            ) from error


@cache
def files_revision(path: Path, *, of: tuple[str, ...] = ()) -> str:
    """First 16 digits of the SHA-256 of a model file, or of a folder's files with their names: about 10 ms per 10 MB.

    Includes configuration and tokenizer, which also change answers. `of` restricts it to certain files of a folder.
    """
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        if file.is_file() and not file.name.startswith(".") and (not of or file.name in of):
            digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
            with file.open("rb") as opened:
                hashlib.file_digest(opened, lambda: digest)
    return digest.hexdigest()[:16]


def resolve(
    capability: Capability,
    overrides: Overrides,
    *,
    name: str,
    loader: str,
    revision: str | None = None,
    folder: Path | None = None,
) -> ModelSpec:
    """The spec of a model with the settings applied. A folder needs no pin; an unpinned hub model is an error.

    Another `name` in the settings discards the profile's revision, since a pin belongs to its model.
    """
    chosen = overrides.get(capability, {})
    asked_for = chosen.get("name") or name
    if asked_for != name:
        revision, folder = None, existing_folder(asked_for)
        if folder is None and is_path(asked_for):
            raise UserError(f"models.{capability}.name is {asked_for}: no such folder; set a folder or a hub id")
        name = folder.name if folder else asked_for
    revision = model_folder_revision(folder) if folder else chosen.get("revision") or revision
    if revision in (None, "main"):
        raise UserError(
            f"models.{capability}.revision is {revision or 'not set'}: {name} comes from a hub and must be pinned; "
            f'set models.{capability}.revision to a commit (on its page under "Files and versions", "History")'
        )
    return ModelSpec(name, str(revision), str(folder or name), loader)


def named(capability: Capability, overrides: Overrides, loader: str) -> ModelSpec | None:
    """The model configured for a capability, if any."""
    is_named = overrides.get(capability, {}).get("name")
    return resolve(capability, overrides, name="", loader=loader) if is_named else None


def nobody(loader: str) -> ModelSpec:
    """The spec of a capability without a model; its `loader` raises UserError if it is used."""
    return ModelSpec(NOBODY, NOBODY, "", loader)


def existing_folder(name: str) -> Path | None:
    """The folder of a setting, if it is a folder on this machine rather than a hub id."""
    folder = Path(name).expanduser()
    return folder.resolve() if folder.is_dir() else None


def is_path(name: str) -> bool:
    """Whether a name can only be a path: a hub id has at most an owner and a name."""
    return name.startswith(("/", ".", "~")) or name.count("/") > 1


def model_folder_revision(folder: Path) -> str:
    """`files_revision` of a folder that must contain a model."""
    if not (folder / "config.json").is_file():
        raise UserError(f"no config.json in {folder}: expected a model in Hugging Face format; train it or reinstall")
    return files_revision(folder)


def with_prompt(prompt: Path, spec: ModelSpec) -> ModelSpec:
    """A model with a prompt: both are part of the revision."""
    return replace(spec, revision=f"{spec.revision}+{files_revision(prompt)}", files=(("prompt", str(prompt)),))
