"""Converting any CLIP to the initial ViCLIP of training (InternVid 4): its weights, with zero temporal positions.

A CLIP is a transformers folder (`CLIPModel`), or a file with OpenAI's parameter names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from internvid_assets.cells.errors import UserError
from internvid_assets.models.viclip.checkpoint import CONFIG, TIMES, load_state, read_state, sizes_of
from internvid_assets.models.viclip.model import LOWEST_TEMPERATURE, Viclip
from internvid_assets.models.viclip.positions import adapted, inflated
from internvid_assets.models.viclip.sizes import ViclipSizes
from internvid_assets.viclip_parameters import Activation

OF_OPENAI = "visual.conv1.weight"
OF_TRANSFORMERS = "vision_model.embeddings.patch_embedding.weight"

NAMES = {
    "vision_model.embeddings.class_embedding": "vision_encoder.class_embedding",
    "vision_model.embeddings.position_embedding.weight": "vision_encoder.positional_embedding",
    "vision_model.embeddings.patch_embedding.weight": "vision_encoder.conv1.weight",
    "vision_model.pre_layrnorm": "vision_encoder.ln_pre",
    "vision_model.post_layernorm": "vision_encoder.ln_post",
    "visual_projection.weight": "vision_encoder.proj",
    "text_model.embeddings.token_embedding": "text_encoder.token_embedding",
    "text_model.embeddings.position_embedding.weight": "text_encoder.positional_embedding",
    "text_model.final_layer_norm": "text_encoder.ln_final",
    "text_projection.weight": "text_encoder.text_projection",
    "vision_model.encoder.layers": "vision_encoder.transformer.resblocks",
    "text_model.encoder.layers": "text_encoder.transformer.resblocks",
    "self_attn.out_proj": "attn.out_proj",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}
"""Transformers' names and ours: full names or prefixes, then parts of the names in a block."""
NEEDLESS = ("logit_scale", "vision_model.embeddings.position_ids", "text_model.embeddings.position_ids")
OF_ITS_SCRIPT = ("input_resolution", "context_length", "vocab_size")
"""Scalars that OpenAI's archives store among the tensors."""


def viclip_of_clip(source: str | Path, *, frames: int = 8, context_tokens: int = 32, drop_path: float = 0.0) -> Viclip:
    """The ViCLIP with a CLIP's weights and no temporal positions; raises UserError if `source` is not a CLIP."""
    path = Path(source)
    state = read_state(path)
    if OF_OPENAI in state:
        own = of_openai(state)
        sizes = _openai_sizes(own, path, frames, context_tokens)
    elif OF_TRANSFORMERS in state and path.is_dir():
        sizes, own = _transformers_sizes(path, frames, context_tokens), of_transformers(state)
    else:
        raise UserError(f"{path} is not a CLIP: expected a transformers folder, or a file with OpenAI's names")
    model = Viclip(sizes, drop_path=drop_path)
    load_state(model, with_time(own, sizes), path)
    return model


def with_time(clip: Mapping[str, Tensor], sizes: ViclipSizes) -> dict[str, Tensor]:
    """A CLIP's weights extended for video: zero temporal position embeddings, and a 3D patch kernel over one frame."""
    own = {name: tensor.float() for name, tensor in clip.items()}
    own["temp"] = torch.tensor(LOWEST_TEMPERATURE)
    own["vision_encoder.temporal_positional_embedding"] = torch.zeros(1, sizes.frames, sizes.vision_width)
    own["vision_encoder.conv1.weight"] = inflated(own["vision_encoder.conv1.weight"], 1)
    own["text_encoder.positional_embedding"] = adapted(own["text_encoder.positional_embedding"], sizes.context_tokens)
    return own


@torch.no_grad()
def begin_with(model: Viclip, *, temperature: float, times: float) -> None:
    """Set the temperature and sinusoidal temporal positions, with `times` the standard deviation of the spatial ones.

    The released code starts from zeros. To be learned from few samples, they must have an effect from the start.
    """
    model.temp.fill_(temperature)
    positions = model.vision_encoder.positional_embedding[1:]
    table = model.vision_encoder.temporal_positional_embedding  # [1, T, D]
    if times and table.shape[1] > 1:
        waves = _waves(*table.shape[1:])
        table.copy_(waves / waves.std() * times * (positions - positions.mean(0)).std())


def _waves(frames: int, width: int) -> Tensor:
    """[T, D]: sines and cosines of increasing periods (Vaswani et al., 2017), with their mean over time removed."""
    frequencies = math.pi / 2 / 100 ** (torch.arange(width // 2) / (width // 2))
    angles = torch.arange(frames)[:, None] * frequencies
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)
    return waves - waves.mean(dim=0)


def of_openai(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """From OpenAI's names: `visual.` is the vision encoder, the rest the text encoder."""
    kept = {name: tensor for name, tensor in state.items() if name not in (*NEEDLESS, *OF_ITS_SCRIPT)}
    return {
        f"vision_encoder.{name.removeprefix('visual.')}" if name.startswith("visual.") else f"text_encoder.{name}": one
        for name, one in kept.items()
    }


def of_transformers(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """From transformers' names; our queries, keys and values are one matrix, and projections are transposed."""
    own: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if name in NEEDLESS or re.search(r"self_attn\.[kv]_proj", name):
            continue
        if match := re.fullmatch(r"(.*)self_attn\.q_proj\.(weight|bias)", name):
            parts = [state[f"{match[1]}self_attn.{letter}_proj.{match[2]}"] for letter in "qkv"]
            own[f"{_ours(match[1])}attn.in_proj_{match[2]}"] = torch.cat(parts)
        else:
            is_projection = name in ("visual_projection.weight", "text_projection.weight")
            own[_ours(name)] = tensor.T if is_projection else tensor
    return own


def _ours(name: str) -> str:
    for theirs, ours in NAMES.items():
        name = name.replace(theirs, ours)
    return name


def _openai_sizes(own: Mapping[str, Tensor], path: Path, frames: int, context_tokens: int) -> ViclipSizes:
    """The sizes, from the shapes of weights with our names."""
    return replace(sizes_of({**own, TIMES: torch.zeros(1, frames, 1)}, path), context_tokens=context_tokens)


def _transformers_sizes(folder: Path, frames: int, context_tokens: int) -> ViclipSizes:
    from transformers import CLIPConfig

    config: Any = CLIPConfig.from_pretrained(folder, local_files_only=True)
    vision, text = config.vision_config, config.text_config
    return ViclipSizes(
        image_pixels=vision.image_size,
        patch_pixels=vision.patch_size,
        frames=frames,
        vision_width=vision.hidden_size,
        vision_layers=vision.num_hidden_layers,
        vision_heads=vision.num_attention_heads,
        vision_activation=_activation(vision.hidden_act, folder),
        text_width=text.hidden_size,
        text_layers=text.num_hidden_layers,
        text_heads=text.num_attention_heads,
        text_activation=_activation(text.hidden_act, folder),
        context_tokens=context_tokens,
        vocabulary=text.vocab_size,
        # The configs of OpenAI's models wrongly have 2: their end token is the last of the vocabulary.
        end_token=text.vocab_size - 1 if text.eos_token_id == 2 else text.eos_token_id,
        joint_width=config.projection_dim,
    )


def _activation(name: str, folder: Path) -> Activation:
    if name not in ("quick_gelu", "gelu"):
        raise UserError(f"{folder / CONFIG}: activation {name!r}; expected quick_gelu or gelu")
    return name  # pyright: ignore[reportReturnType]
