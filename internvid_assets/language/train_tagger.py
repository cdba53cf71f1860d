"""Trains our tagger in seconds: `python -m internvid_assets.language.train_tagger`.

Class and file format are NLTK's own, so its weights and ours are interchangeable.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from internvid_assets.language.tagged_captions import Sentence, training_sentences
from internvid_assets.language.verbs import NLTK_NAME, OUR_FOLDER, PARTS

if TYPE_CHECKING:
    from nltk.tag.perceptron import PerceptronTagger

SEED = 7
TEST_SEED = 8


def train(sentences: Sequence[Sentence], *, seed: int = SEED, iterations: int = 5) -> PerceptronTagger:
    """Train a tagger, deterministic for the same sentences and seed."""
    from nltk.tag.perceptron import PerceptronTagger

    tagger = PerceptronTagger(load=False)
    random.seed(seed)  # NLTK shuffles with the global generator
    tagger.train(sentences, nr_iter=iterations)
    return tagger


def save(tagger: PerceptronTagger, folder: Path) -> None:
    """Write NLTK's three JSON files, with sorted keys so that equal taggers give equal bytes."""
    weights, tagdict, classes = tagger.encode_json_obj()
    nonempty = {feature: by_tag for feature, by_tag in weights.items() if by_tag}
    folder.mkdir(parents=True, exist_ok=True)
    for part, value in zip(PARTS, (nonempty, tagdict, sorted(classes)), strict=True):
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
        (folder / f"{NLTK_NAME}.{part}.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    tagger = train(training_sentences(seed=SEED))
    save(tagger, OUR_FOLDER)
    unseen = training_sentences(seed=TEST_SEED, world=100, everyday=300)
    size_bytes = sum(path.stat().st_size for path in OUR_FOLDER.glob("*.json"))
    print(f"{OUR_FOLDER}: {size_bytes / 1e3:.0f} kB, {tagger.accuracy(unseen):.1%} of the tags of new captions correct")


if __name__ == "__main__":
    main()
