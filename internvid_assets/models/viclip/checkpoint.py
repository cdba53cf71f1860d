"""ViCLIP's weights on disk: reads all released file layouts strictly, and writes checkpoints.

A checkpoint is a folder as in transformers, with `config.json` and `model.safetensors`, or a single file: safetensors,
or a pickle of tensors, also of a training state. No code in a file is run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from internvid_assets.cells.errors import UserError
from internvid_assets.models.tensor_files import read_tensors
from internvid_assets.models.viclip.model import Viclip
from internvid_assets.models.viclip.positions import adapted, inflated
from internvid_assets.models.viclip.sizes import ViclipSizes

CONFIG, WEIGHTS = "config.json", "model.safetensors"
HEAD_WIDTH = 64
"""Width per attention head in every released size; weights do not reveal it, our config.json does."""
CONV = "vision_encoder.conv1.weight"
TIMES = "vision_encoder.temporal_positional_embedding"
WORD_PLACES = "text_encoder.positional_embedding"


def load_viclip(
    path: str | Path,
    *,
    sizes: ViclipSizes | None = None,
    frames: int | None = None,
    context_tokens: int | None = None,
    drop_path: float = 0.0,
) -> Viclip:
    """The model of a checkpoint; raises UserError unless every name and shape is as expected.

    `sizes` is for files with another head width than the released models. Position embeddings are adapted to `frames`
    and `context_tokens`, if given.
    """
    state = read_state(Path(path))
    sizes = sizes or stored_sizes(Path(path)) or sizes_of(state, Path(path))
    sizes = replace(sizes, frames=frames or sizes.frames, context_tokens=context_tokens or sizes.context_tokens)
    model = Viclip(sizes, drop_path=drop_path)
    load_state(model, _resized(state, sizes), Path(path))
    return model.eval()


def load_state(model: Viclip, state: Mapping[str, Tensor], path: Path) -> None:
    """Strictly: raises UserError naming a parameter that `path` lacks, should not have, or has in another shape."""
    own = model.state_dict()
    problems = [
        *(f"lacks {name}" for name in own if name not in state),
        *(f"has {name}, which ViCLIP does not have" for name in state if name not in own),
        *(
            f"has {name} of shape {list(state[name].shape)}: expected {list(own[name].shape)}"
            for name in own
            if name in state and state[name].shape != own[name].shape
        ),
    ]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise UserError(f"{path} {problems[0]}{more}; expected a ViCLIP checkpoint")
    model.load_state_dict(state)


def read_state(path: Path) -> dict[str, Tensor]:
    """Name -> tensor, from a folder or a file; further state of training is ignored."""
    file = weights_file(path)
    try:
        state: Any = read_tensors(file)
    except (SafetensorError, EOFError, OSError) as error:
        raise UserError(f"{file} is damaged ({_line(error)}); download or restore it") from None
    state = state.get("module", state)  # DeepSpeed's wrapper
    if not all(isinstance(value, Tensor) for value in state.values()):
        raise UserError(f"{file} has no state dict; expected tensors by name, or these as its `model`")
    return {name: _of_frames(tensor) if name == CONV else tensor for name, tensor in state.items()}


def weights_file(path: Path) -> Path:
    """The file itself, or that of a folder; raises UserError if it does not exist."""
    file = path / WEIGHTS if path.is_dir() else path
    if not file.is_file():
        raise UserError(f"{file} does not exist: expected a checkpoint file, or a folder with {WEIGHTS}")
    return file


def _of_frames(weight: Tensor) -> Tensor:
    """The patch embedding as a 3D kernel over one frame, [D, 3, 1, p, p], also if stored as 2D, [D, 3, p, p]."""
    return inflated(weight, 1) if weight.ndim == 4 else weight


def _resized(state: dict[str, Tensor], sizes: ViclipSizes) -> dict[str, Tensor]:
    wanted = {TIMES: sizes.frames, WORD_PLACES: sizes.context_tokens}
    return {name: adapted(value, wanted[name]) if name in wanted else value for name, value in state.items()}


def stored_sizes(path: Path) -> ViclipSizes | None:
    """The sizes in a folder's config.json; None for a file, and for a config without widths."""
    config = path / CONFIG
    if not path.is_dir() or not config.is_file():
        return None
    try:
        values = json.loads(config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{config} is damaged ({_line(error)}); restore it") from None
    return ViclipSizes.read(values) if "vision_width" in values else None


def sizes_of(state: Mapping[str, Tensor], path: Path) -> ViclipSizes:
    """The sizes from the shapes, with the head width of the released models. Raises UserError if it is not a ViCLIP."""
    try:
        patches, proj = state[CONV], state["vision_encoder.proj"]
        places, times = state["vision_encoder.positional_embedding"], state[TIMES]
        words, contexts = state["text_encoder.token_embedding.weight"], state[WORD_PLACES]
    except KeyError as error:
        raise UserError(f"{path} lacks {error.args[0]}; expected a ViCLIP checkpoint") from None
    return ViclipSizes(
        image_pixels=round((len(places) - 1) ** 0.5) * patches.shape[-1],
        patch_pixels=patches.shape[-1],
        frames=times.shape[1],
        vision_width=len(patches),
        vision_layers=_layers(state, "vision_encoder."),
        vision_heads=max(1, len(patches) // HEAD_WIDTH),
        text_width=words.shape[1],
        text_layers=_layers(state, "text_encoder."),
        text_heads=max(1, words.shape[1] // HEAD_WIDTH),
        context_tokens=len(contexts),
        vocabulary=len(words),
        end_token=len(words) - 1,
        joint_width=proj.shape[1],
    )


def _layers(state: Mapping[str, Tensor], encoder: str) -> int:
    prefix = f"{encoder}transformer.resblocks."
    return len({name.removeprefix(prefix).split(".")[0] for name in state if name.startswith(prefix)})


def save_viclip(model: Viclip, folder: Path, **further: Any) -> None:
    """Write config.json and model.safetensors to `folder`; `further` values are added to the config.

    Not atomic: callers write to a temporary folder and rename it.
    """
    save_state(model.state_dict(), model.sizes, folder, **further)


def save_state(state: Mapping[str, Tensor], sizes: ViclipSizes, folder: Path, **further: Any) -> None:
    """As `save_viclip`, for a state dict."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    save_file(whole, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / WEIGHTS).chmod(0o644)  # safetensors writes files that only their owner can read
    config = {"architectures": ["ViCLIP"], "model_type": "viclip", "dtype": "float32", **asdict(sizes), **further}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
