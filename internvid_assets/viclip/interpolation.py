"""WiSE-FT (Wortsman et al., 2022): weights between the CLIP that training began with and what came out."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from internvid_assets.cells.errors import UserError
from internvid_assets.viclip.checkpoint import TIMES


def interpolated(trained: Mapping[str, Tensor], initial: Mapping[str, Tensor], share: float = 0.5) -> dict[str, Tensor]:
    """`share` of the trained weights and the rest of the initial ones; times stay as trained, since CLIP has none.

    The released scripts evaluate 10M-FLT so, with a half of each.
    """
    if not 0 <= share <= 1:
        raise UserError(f"share {share} of the trained weights: expected 0 to 1")
    if odd := sorted(set(trained) ^ set(initial)):
        raise UserError(f"{odd[0]} is in one of the two checkpoints alone; expected two of one size")
    return {
        name: value if name == TIMES else share * value + (1 - share) * initial[name] for name, value in trained.items()
    }
