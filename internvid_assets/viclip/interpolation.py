"""WiSE-FT (Wortsman et al., 2022): interpolation between the weights of the initial CLIP and the trained ones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from internvid_assets.cells.errors import UserError
from internvid_assets.models.viclip.checkpoint import TIMES, load_viclip, read_state, save_state
from internvid_assets.models.viclip.tokens import keep_words
from internvid_assets.viclip.clip_weights import viclip_of_clip
from internvid_assets.viclip.rows import file_hash
from internvid_assets.viclip.trained_on import MADE_OF, ROWS, TRAINING


def interpolated(trained: Mapping[str, Tensor], initial: Mapping[str, Tensor], share: float = 0.5) -> dict[str, Tensor]:
    """`share` of the trained weights, the rest of the initial ones; CLIP has no temporal positions, so they are kept.

    The released scripts evaluate 10M-FLT this way, with a share of 0.5.
    """
    if not 0 <= share <= 1:
        raise UserError(f"share {share} of the trained weights: expected 0 to 1")
    if odd := sorted(set(trained) ^ set(initial)):
        raise UserError(f"{odd[0]} is in only one of the two checkpoints; expected two of the same size")
    return {
        name: value if name == TIMES else share * value + (1 - share) * initial[name] for name, value in trained.items()
    }


def interpolated_checkpoint(trained: Path, clip: str, share: float, *, into: Path) -> Path:
    """The checkpoint below `into`, named after its share and weights; written atomically."""
    model = load_viclip(trained)
    sizes = {"frames": model.sizes.frames, "context_tokens": model.sizes.context_tokens}
    state = interpolated(read_state(trained), viclip_of_clip(clip, **sizes).state_dict(), share)
    into.mkdir(parents=True, exist_ok=True)
    aside = into / ".unfinished"
    shutil.rmtree(aside, ignore_errors=True)
    save_state(state, model.sizes, aside, share_of_trained=share)
    keep_words(str(trained), aside)
    for file in (trained / ROWS, trained / TRAINING, trained.parents[1] / MADE_OF):
        if file.is_file():
            shutil.copyfile(file, aside / file.name)
    final = into / f"share-{share:g}-{file_hash(aside / 'model.safetensors')[:8]}"
    shutil.rmtree(final, ignore_errors=True)
    os.replace(aside, final)
    return final
