"""Which model answers which capability: enough to name it in a recipe without loading it."""

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
"""The settings' `[models.<capability>]` tables: `name`, `revision` and so on, in place of the profile's own.

Under `server` the section of that name."""


@dataclass(frozen=True)
class ModelSpec:
    """A model by name: what a recipe hashes (`identity`), and how to get the adapter (`load`).

    `loader` is "module:function", imported when the model is first asked for. `source` (a folder or hub id) and `files`
    (further arguments of the loader) say where things lie on this machine: they are no part of a recipe.
    """

    name: str
    revision: str
    source: str
    loader: str
    files: tuple[tuple[str, str], ...] = ()

    @property
    def identity(self) -> tuple[str, str]:
        """(name, weights revision): what a recipe says of the model, the same on every machine."""
        return self.name, self.revision

    def load(self) -> Any:
        """The adapter, with its weights in memory (imports torch). Raises UserError for files that cannot be read."""
        module, function = self.loader.split(":")
        load = getattr(import_module(module), function)
        try:
            return load(self.source, self.revision, **dict(self.files))
        except (UserError, RunStopped):
            raise
        except Exception as error:  # damaged or foreign files: each library has errors of its own
            places = ", ".join(filter(None, (self.source, *(place for key, place in self.files if key != "endpoint"))))
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            raise UserError(
                f"cannot load {self.name} of {places} ({reason}); name other files, or restore these"
            ) from error


@cache
def files_revision(path: Path, *, of: tuple[str, ...] = ()) -> str:
    """First 16 digits of the SHA-256 of a model file, or of a folder's files with their names: 10 MB take about 10 ms.

    Configuration and tokenizer count too: they change answers as much as weights do. `of` names the files that count,
    where a folder holds others.
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
    """The spec of a model after the settings had their say. A folder is its own pin; an unpinned hub model is an error.

    Another `name` in the settings drops the profile's revision: a pin belongs to its model.
    """
    chosen = overrides.get(capability, {})
    asked_for = chosen.get("name") or name
    if asked_for != name:
        revision, folder = None, existing_folder(asked_for)
        if folder is None and is_path(asked_for):
            raise UserError(f"models.{capability}.name is {asked_for}: there is no such folder; name one, or a hub id")
        name = folder.name if folder else asked_for
    revision = model_folder_revision(folder) if folder else chosen.get("revision") or revision
    if revision in (None, "main"):
        raise UserError(
            f"models.{capability}.revision is {revision or 'not set'}: {name} comes from a hub and must be pinned; "
            f'set models.{capability}.revision to a commit (on its page under "Files and versions", "History")'
        )
    return ModelSpec(name, str(revision), str(folder or name), loader)


def named(capability: Capability, overrides: Overrides, loader: str) -> ModelSpec | None:
    """The model that the settings name for a capability, if they name one."""
    is_named = overrides.get(capability, {}).get("name")
    return resolve(capability, overrides, name="", loader=loader) if is_named else None


def nobody(loader: str) -> ModelSpec:
    """The spec of a capability that nobody has; `loader` says so when it is asked for all the same."""
    return ModelSpec(NOBODY, NOBODY, "", loader)


def existing_folder(name: str) -> Path | None:
    """The folder on this machine that a setting names, if it is one rather than a hub id."""
    folder = Path(name).expanduser()
    return folder.resolve() if folder.is_dir() else None


def is_path(name: str) -> bool:
    """Whether a name can only be a place on this machine: a hub id is an owner and a name at most."""
    return name.startswith(("/", ".", "~")) or name.count("/") > 1


def model_folder_revision(folder: Path) -> str:
    """`files_revision` of a folder that must hold a model."""
    if not (folder / "config.json").is_file():
        raise UserError(f"no config.json in {folder}: expected a model in Hugging Face format; train it or reinstall")
    return files_revision(folder)


def told_by(prompt: Path, spec: ModelSpec) -> ModelSpec:
    """The model and the prompt: both revisions count."""
    return replace(spec, revision=f"{spec.revision}+{files_revision(prompt)}", files=(("prompt", str(prompt)),))
