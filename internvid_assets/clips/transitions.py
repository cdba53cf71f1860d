"""Cuts at hard and soft transitions, detected by the TransNetV2 network."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from internvid_assets.clips.cuts import Opening, Seen, look_at_all

if TYPE_CHECKING:
    import numpy as np


def transition_cuts(
    source_uri: str, *, threshold: float, min_scene_length_frames: int, opening: Opening, weights: str
) -> tuple[Seen, list[int]]:
    """A clip starts after the last frame of a transition, where the probability falls below `threshold` again.

    The frames of a soft transition belong to the clip before it. Clips of fewer than `min_scene_length_frames` are
    joined to the previous one.
    """
    import numpy as np

    pictures: list[np.ndarray] = []
    seen = look_at_all(source_uri, opening=opening, watch=lambda time, small: pictures.append(_tiny(small)))
    is_transition = _probabilities(np.stack(pictures), weights) > threshold
    starts = np.flatnonzero(is_transition[:-1] & ~is_transition[1:]) + 1
    cuts, last = [], 0
    for start in starts.tolist():
        if start - last >= min_scene_length_frames:
            cuts.append(seen.times[start])
            last = start
    return seen, cuts


def _tiny(small: np.ndarray) -> np.ndarray:
    """The network's input for a BGR image: RGB, 27 x 48, regardless of the aspect ratio."""
    import cv2

    return cv2.cvtColor(cv2.resize(small, (48, 27), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)


def _probabilities(pictures: np.ndarray, weights: str) -> np.ndarray:
    import torch

    from internvid_assets.models.transnet_v2 import transition_probabilities

    return transition_probabilities(_network(weights), torch.from_numpy(pictures)).numpy()


@cache
def _network(weights: str) -> Any:
    """Loaded once per worker process."""
    from internvid_assets.models.transnet_v2 import load_transnet

    return load_transnet(weights)
