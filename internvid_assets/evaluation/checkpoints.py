"""The checkpoints to evaluate for a subset: those trained on it, and the initial CLIP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from internvid_assets.home import Home
from internvid_assets.viclip.launching import clip_folder, current, shared_parameters
from internvid_assets.viclip.rows import file_hash

if TYPE_CHECKING:
    from internvid_assets.models.viclip.embedding import ViclipEmbedding

CLIP = "clip"
VIDEOS_AT_ONCE = 64


@dataclass(frozen=True)
class Candidate:
    """A model to evaluate."""

    name: str
    weights: str
    embedding: ViclipEmbedding


def candidates(home: Home, subset: str) -> Iterator[Candidate]:
    """Loaded one at a time; raises UserError for a missing checkpoint before loading any."""
    from internvid_assets.models.viclip.checkpoint import weights_file

    folders = {name: _folder(home, name, subset) for name in dict.fromkeys(home.settings.evaluation.checkpoints)}
    for name, folder in folders.items():
        yield Candidate(name, file_hash(weights_file(folder)), _loaded(home, name, folder))


def _folder(home: Home, name: str, subset: str) -> Path:
    return Path(clip_folder(home)) if name == CLIP else current(home, name, subset)


def _loaded(home: Home, name: str, folder: Path) -> ViclipEmbedding:
    from internvid_assets.models.viclip.embedding import ViclipEmbedding, load_embedding

    return ViclipEmbedding(*_clip(home, folder)) if name == CLIP else load_embedding(folder)


def _clip(home: Home, folder: Path) -> tuple:
    """The initial CLIP as a ViCLIP: without temporal positions, it encodes a video by the patches of all frames."""
    from internvid_assets.models.transformers_loading import best_device, best_dtype
    from internvid_assets.models.viclip.tokens import words_of
    from internvid_assets.viclip.clip_weights import viclip_of_clip

    parameters, device = shared_parameters(home), best_device()
    model = viclip_of_clip(folder, frames=parameters["frames"], context_tokens=parameters["context_tokens"])
    words = words_of(parameters["tokenizer"] or str(folder), context_tokens=parameters["context_tokens"])
    return model.to(device, best_dtype(device)), words


def video_vectors(embed: Callable[[list], np.ndarray], home: Home, rows: pl.DataFrame) -> np.ndarray:
    """The vectors that `embed` gives for the videos of rows of `evaluation_videos`; frames are read in batches."""
    store, parts = home.frames("evaluation"), []
    for some in rows.iter_slices(VIDEOS_AT_ONCE):
        hashes = some["frame_hashes"].to_list()
        pictures = dict(zip(wanted := _distinct(hashes), store.images(wanted), strict=True))
        parts.append(embed([[pictures[name] for name in own] for own in hashes]))
    return np.concatenate(parts)


def _distinct(hashes: Sequence[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(name for own in hashes for name in own))
