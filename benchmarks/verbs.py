"""Finding verbs in captions, against NLTK's tokenizer and tagger on one caption at a time.

Two loads: distinct synthetic everyday captions, with only the function; and captions of sample clips, which are
repetitive, with the asset `caption_verbs`, including storage of the calls.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import nltk
import numpy as np
import polars as pl
from nltk.tokenize import TreebankWordTokenizer

from benchmarks.comparison import Comparison, compare
from internvid_assets.analytics.assets import caption_verbs
from internvid_assets.analytics.tagging import tag_captions
from internvid_assets.cells.fill import fill
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.recipes import Recipe
from internvid_assets.cells.store import Store
from internvid_assets.language.tagged_captions import everyday_caption
from internvid_assets.language.verbs import find_verbs, load_tagger, open_tagger
from internvid_assets.sample_world.scenes import clip_caption, random_scene

CAPTIONS = 20_000
AT_ONCE = caption_verbs.batch_rows


def everyday(count: int = CAPTIONS) -> list[str]:
    """With punctuation where people write it."""
    rng, captions = random.Random(0), {}
    while len(captions) < count:
        words = " ".join(word for word, _ in everyday_caption(rng))
        captions[words.replace(" ,", ",").replace(" .", ".")] = None
    return list(captions)


def of_sample_clips(count: int = CAPTIONS) -> list[str]:
    rng = np.random.default_rng(0)
    return [clip_caption(random_scene(rng)) for _ in range(count)]


def in_batches(captions: Sequence[str]) -> list[list[str]]:
    tagger = open_tagger()
    batches = (captions[start : start + AT_ONCE] for start in range(0, len(captions), AT_ONCE))
    return [verbs for batch in batches for verbs in find_verbs(batch, tagger)]


def remembered(captions: Sequence[str]) -> pl.Series:
    rows = pl.LazyFrame({"clip_id": map(str, range(len(captions))), "category": "music", "caption": captions})
    bench: Any = None
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Store(Path(folder)))
        fill(
            caption_verbs,
            rows,
            recipe=Recipe("caption_verbs", "1"),
            category="music",
            lake=lake,
            open_work=lambda: nullcontext(tag_captions(bench)),
        )
        return lake.scan("caption_verbs", "music").sort(pl.col("clip_id").cast(int)).collect()["verbs"]


def one_by_one(captions: Sequence[str]) -> list[list[str]]:
    """Only words: the tagger labels some numbers and punctuation as verbs."""
    tokenizer, tagger = TreebankWordTokenizer(), load_tagger()
    tagged = (tagger.tag(tokenizer.tokenize(caption)) for caption in captions)
    return [
        [word.lower() for word, tag in words if tag[:2] == "VB" and any(map(str.isalpha, word))] for words in tagged
    ]


def agreement(ours: Sequence[list[str]] | pl.Series, theirs: list[list[str]]) -> str:
    same = sum(list(mine) == peers for mine, peers in zip(ours, theirs, strict=True))
    return f"the same verbs in {same:,} of {len(theirs):,} captions"


def measure(repetitions: int) -> list[Comparison]:
    loads = [
        ("everyday captions, all distinct", everyday(), in_batches),
        ("captions of sample clips, the asset", of_sample_clips(), remembered),
    ]
    return [
        compare(
            "verbs",
            load=f"{CAPTIONS:,} {load}",
            peer=f"NLTK {nltk.__version__}, one caption after another",
            ours=lambda captions=captions, ours=ours: ours(captions),
            theirs=lambda captions=captions: one_by_one(captions),
            agreement=agreement,
            repetitions=repetitions,
            count=len(captions),
        )
        for load, captions, ours in loads
    ]
