"""Training batches: random access to stored frames by row, with a cache of decoded frames."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from internvid_assets.media.frames import FrameStore, pixels
from internvid_assets.models.viclip.frame_sampling import middle_frames, random_frames
from internvid_assets.models.viclip.pictures import COLOUR_NOISE, MIRROR, NOISE
from internvid_assets.models.viclip.tokens import Words, words_of
from internvid_assets.viclip.order import Draw, Order
from internvid_assets.viclip.rows import mapped_rows
from internvid_assets.viclip.texts import texts_of
from internvid_assets.viclip_parameters import Mirror, Positives


class Batch(NamedTuple):
    """B clips of T frames. Frames smaller than the largest are at the top left of [H, W]."""

    frames: Tensor
    """uint8 [B, T, 3, H, W]."""
    heights: Tensor
    """int64 [B], in pixels."""
    widths: Tensor
    token_ids: Tensor
    """int64 [B, l]."""
    sample_ids: Tensor
    """int64 [B]: samples with equal ids are positives of each other."""
    noise: Tensor
    """float32 [B, NOISE]: random numbers for `random_boxes`, seeded by row and epoch."""
    colours: Tensor
    """float32 [B, COLOUR_NOISE]: random numbers for `recoloured`; [0, COLOUR_NOISE] if texts may mention colours."""

    @property
    def is_of_verbs(self) -> bool:
        """Whether texts are verb phrases, which stay true when colours change."""
        return len(self.colours) > 0


@dataclass
class Clips(Dataset):
    """A dataset of training rows; a batch is fetched at once, with one read per category's store."""

    rows: Path
    frame_stores: Path
    """The folder with a store per category."""
    tokenizer: str
    frames: int = 8
    context_tokens: int = 32
    is_training: bool = True
    """Whether frames and captions are sampled; otherwise the middle frames and the likeliest caption are used."""
    seed: int = 0
    positives: Positives = "row"
    mirror: Mirror = "pictures"
    picture_pixels: int = 256
    """Larger frames are downscaled until their shorter side has this length."""
    cache_bytes: int = 0
    """Bytes of downscaled frames that a process caches; others are decoded each time."""
    _kept: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    _kept_bytes: int = 0

    def __len__(self) -> int:
        return self.table.num_rows

    @cached_property
    def table(self) -> pa.Table:
        return mapped_rows(self.rows)

    @cached_property
    def words(self) -> Words:
        return words_of(self.tokenizer, context_tokens=self.context_tokens)

    def __getstate__(self) -> dict[str, Any]:
        """For workers, which open the table and the tokenizer themselves."""
        opened = ("table", "words")
        return {name: value for name, value in self.__dict__.items() if name not in opened}

    def __getitems__(self, draws: Sequence[Draw]) -> Batch:
        rows = self.table.take(pa.array([draw.row for draw in draws])).to_pylist()
        generators = [np.random.default_rng([self.seed, 1 + draw.epoch, draw.row]) for draw in draws]
        hashes = [self._chosen_frames(row, rng) for row, rng in zip(rows, generators, strict=True)]
        captions = [self._chosen_caption(row, rng) for row, rng in zip(rows, generators, strict=True)]
        pictures = self._pictures({row["category"]: [] for row in rows}, rows, hashes)
        stacked, heights, widths = padded([[pictures[name] for name in names] for names in hashes])
        noise, mirrored = self._noise(generators)
        texts = texts_of(captions, mirrored=mirrored, verbs_alone=[draw.is_of_verbs for draw in draws])
        ids = [
            _number(text) if draw.is_of_verbs or self.positives == "caption" else draw.row
            for draw, text in zip(draws, texts, strict=True)
        ]
        changed = generators if all(draw.is_of_verbs for draw in draws) else []
        colours = np.array([rng.random(COLOUR_NOISE) for rng in changed], np.float32).reshape(-1, COLOUR_NOISE)
        tensors = (torch.tensor(ids), torch.from_numpy(noise), torch.from_numpy(colours))
        return Batch(stacked, heights, widths, self.words(texts), *tensors)

    def _noise(self, generators: Sequence[np.random.Generator]) -> tuple[np.ndarray, list[bool]]:
        """Random numbers for augmentation, and for which clips the captions have to be mirrored too."""
        noise = np.stack([rng.random(NOISE, np.float32) for rng in generators])
        if self.mirror == "never":
            noise[:, MIRROR] = 1
        return noise, list((noise[:, MIRROR] < 0.5) & (self.mirror == "words"))

    def _chosen_frames(self, row: dict[str, Any], rng: np.random.Generator) -> list[str]:
        stored = row["frame_hashes"]
        chosen = (
            random_frames(len(stored), self.frames, rng)
            if self.is_training
            else middle_frames(len(stored), self.frames)
        )
        return [stored[index] for index in chosen]

    def _chosen_caption(self, row: dict[str, Any], rng: np.random.Generator) -> str:
        weights = np.array(row["weights"])
        chosen = rng.choice(len(weights), p=weights / weights.sum()) if self.is_training else weights.argmax()
        return row["captions"][int(chosen)]

    def _pictures(
        self, wanted: dict[str, list[str]], rows: list[dict[str, Any]], hashes: list[list[str]]
    ) -> dict[str, np.ndarray]:
        """By hash, from the cache or from the stores. Raises `MissingFrames`."""
        found = {name: self._kept[name] for names in hashes for name in names if name in self._kept}
        for row, names in zip(rows, hashes, strict=True):
            wanted[row["category"]] += [name for name in names if name not in found]
        for category, missing in wanted.items():
            distinct = list(dict.fromkeys(missing))
            jpegs = FrameStore(self.frame_stores / category).read(distinct) if distinct else []
            found |= {name: self._shrunk(name, jpeg) for name, jpeg in zip(distinct, jpegs, strict=True)}
        return found

    def _shrunk(self, name: str, jpeg: bytes) -> np.ndarray:
        picture = shrunk(pixels(jpeg), self.picture_pixels)
        if self._kept_bytes + picture.nbytes <= self.cache_bytes:
            self._kept[name] = picture
            self._kept_bytes += picture.nbytes
        return picture


def shrunk(picture: np.ndarray, short_side: int) -> np.ndarray:
    """RGB [H, W, 3], downscaled by area averaging so that its shorter side is at most `short_side`."""
    import cv2

    height, width = picture.shape[:2]
    scale = short_side / min(height, width)
    if scale >= 1:
        return picture
    return np.asarray(cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA))


def padded(clips: Sequence[Sequence[np.ndarray]]) -> tuple[Tensor, Tensor, Tensor]:
    """uint8 [B, T, 3, H, W], padded to the largest frame, and each clip's own height and width."""
    sizes = [clip[0].shape[:2] for clip in clips]
    height, width = (max(size[axis] for size in sizes) for axis in (0, 1))
    found = np.zeros((len(clips), len(clips[0]), height, width, 3), np.uint8)
    for place, (clip, (own_height, own_width)) in enumerate(zip(clips, sizes, strict=True)):
        for time, picture in enumerate(clip):
            found[place, time, :own_height, :own_width] = picture[:own_height, :own_width]
    heights, widths = (torch.tensor([size[axis] for size in sizes]) for axis in (0, 1))
    return torch.from_numpy(found).permute(0, 1, 4, 2, 3), heights, widths


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def loader_of(clips: Clips, order: Order, *, workers: int, pin_memory: bool = False) -> DataLoader:
    """Batches in the given order, prefetched by `workers` processes (0: in this process).

    Lance runs threads, which a forked process would not have: hence `spawn`.
    """
    several = {"multiprocessing_context": "spawn", "prefetch_factor": 2} if workers else {}
    return DataLoader(
        clips,
        batch_sampler=order,  # pyright: ignore[reportArgumentType]
        collate_fn=_as_it_is,
        num_workers=workers,
        pin_memory=pin_memory,
        **several,
    )


def _as_it_is(batch: Any) -> Any:
    return batch
