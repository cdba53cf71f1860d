"""Loading the published UMT checkpoints, pretrained or fine-tuned for retrieval, into our `Umt`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from internvid_assets.cells.errors import UserError
from internvid_assets.models.tensor_files import read_tensors
from internvid_assets.models.umt import Umt, UmtSizes

IMAGE_PIXELS = 224
HEAD_WIDTH = 64
"""Width per attention head in B/16, L/16 and both BERTs; weights do not reveal it."""

CROSS_ATTENTION = re.compile(r"text_encoder\.encoder\.layer\.(\d+)\.crossattention\.")
NEEDLESS = ("clip_teacher.", "vision_encoder.clip_decoder.", "text_encoder.cls.", "itm_head.")
"""Only used in training: the teacher, the heads that imitate it, and those for masked words and matching."""
NEEDLESS_NAMES = ("temp", "text_encoder.embeddings.position_ids")


def load_umt(path: Path) -> Umt:
    """UMT with the weights of a checkpoint: safetensors, or a pickle of tensors and plain values."""
    weights = needed(read_tensors(path))
    model = Umt(sizes_of(weights, path))
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if missing or unexpected:
        difference = f"lacks {missing[:3]}" if missing else f"has {unexpected[:3]}, which UMT does not have"
        raise UserError(f"{path} {difference}: expected a multi-modal checkpoint of UMT")
    return model.eval()


def needed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors needed for similarity, with the names of the retrieval models."""
    renamed = {name.replace("text_encoder.bert.", "text_encoder."): tensor for name, tensor in tensors.items()}
    fusing = [int(match[1]) for name in renamed if (match := CROSS_ATTENTION.match(name))]
    last_text_layer = min(fusing, default=len(renamed)) - 1
    return {name: tensor for name, tensor in renamed.items() if _is_needed(name, last_text_layer)}


def _is_needed(name: str, last_text_layer: int) -> bool:
    layer = re.match(r"text_encoder\.encoder\.layer\.(\d+)\.", name)
    is_fusion = layer is not None and int(layer[1]) > last_text_layer
    return not (is_fusion or name.startswith(NEEDLESS) or name in NEEDLESS_NAMES)


def sizes_of(weights: Mapping[str, Tensor], path: Path) -> UmtSizes:
    """The sizes, from the shapes of the weights and the constants of all published checkpoints."""
    try:
        patches = weights["vision_encoder.encoder.patch_embed.proj.weight"]  # [D, 3, 1, side, side]
        words = weights["text_encoder.embeddings.word_embeddings.weight"]
        positions = weights["text_encoder.embeddings.position_embeddings.weight"]
        mlp = weights["text_encoder.encoder.layer.0.intermediate.dense.weight"]
        joint = weights["vision_proj.weight"]
    except KeyError as error:
        raise UserError(f"{path} has no {error.args[0]}: expected a multi-modal checkpoint of UMT") from None
    return UmtSizes(
        image_pixels=IMAGE_PIXELS,
        patch_pixels=patches.shape[-1],
        vision_width=len(patches),
        vision_layers=_layers(weights, "vision_encoder.encoder.blocks."),
        vision_heads=max(1, len(patches) // HEAD_WIDTH),
        text_width=words.shape[1],
        text_layers=_layers(weights, "text_encoder.encoder.layer."),
        text_heads=max(1, words.shape[1] // HEAD_WIDTH),
        text_mlp_width=len(mlp),
        text_positions=len(positions),
        words=len(words),
        joint_width=len(joint),
    )


def _layers(weights: Mapping[str, Tensor], prefix: str) -> int:
    return len({name.removeprefix(prefix).split(".")[0] for name in weights if name.startswith(prefix)})
