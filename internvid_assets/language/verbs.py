"""Verbs in captions (InternVid 3.3), by NLTK's averaged perceptron: its own English weights, else ours.

NLTK's weights are used wherever `nltk.download("averaged_perceptron_tagger_eng")` has put them; nothing is downloaded
here. Ours (`train_tagger`) know the sample world and everyday captions, which is little: a larger corpus wants NLTK's.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nltk.tag.perceptron import PerceptronTagger

    Folder = Path | zipfile.Path

NLTK_NAME = "averaged_perceptron_tagger_eng"
OUR_FOLDER = Path(__file__).parent / "tagger"
PARTS = ("weights", "tagdict", "classes")


def find_verbs(captions: Sequence[str]) -> list[list[str]]:
    """The verbs of each caption, lower-case and as written (not reduced to a base form), in caption order."""
    return [[word.lower() for word, tag in words if _is_verb(word, tag)] for words in tagged_words(captions)]


def tagged_words(captions: Sequence[str]) -> list[list[tuple[str, str]]]:
    """The words of each caption with their Penn Treebank tags."""
    from nltk.tokenize import TreebankWordTokenizer

    tagger = _tagger(tagger_identity())
    tokenizer = TreebankWordTokenizer()
    return [tagger.tag(tokenizer.tokenize(caption)) for caption in captions]


def _is_verb(word: str, tag: str) -> bool:
    """Penn Treebank's VB, VBD, VBG, VBN, VBP and VBZ; a tagger may give them to a number or a stray mark."""
    return tag.startswith("VB") and any(letter.isalpha() for letter in word)


def tagger_identity() -> tuple[str, str]:
    """(name, hash of the weights) of the tagger `find_verbs` uses; found without importing NLTK (1 s)."""
    folder = _nltk_weights()
    name = "nltk " + NLTK_NAME if folder else "internvid caption tagger"
    content = hashlib.sha256()
    for part in PARTS:
        content.update(_file(folder or OUR_FOLDER, part).read_bytes())
    return name, content.hexdigest()[:12]


@functools.lru_cache(maxsize=2)
def _tagger(identity: tuple[str, str]) -> PerceptronTagger:
    """Loaded again when the identity, that is the weights, changed."""
    from nltk.tag.perceptron import PerceptronTagger

    folder = _nltk_weights() or OUR_FOLDER
    tagger = PerceptronTagger(load=False)
    # PerceptronTagger's own loader reads no file outside of NLTK's data folders.
    tagger.decode_json_params(json.loads(_file(folder, part).read_bytes()) for part in PARTS)
    return tagger


def _file(folder: Folder, part: str) -> Any:
    return folder / f"{NLTK_NAME}.{part}.json"


def _nltk_weights() -> Folder | None:
    """NLTK's weights in the first of its folders that has them, unpacked or as downloaded."""
    for root in nltk_folders():
        unpacked, packed = root / "taggers" / NLTK_NAME, root / "taggers" / f"{NLTK_NAME}.zip"
        if _file(unpacked, "classes").is_file():
            return unpacked
        if packed.is_file():
            return zipfile.Path(packed, f"{NLTK_NAME}/")
    return None


def nltk_folders() -> list[Path]:
    """`nltk.data.path` of Linux and macOS."""
    chosen = [Path(folder).expanduser() for folder in os.environ.get("NLTK_DATA", "").split(os.pathsep) if folder]
    prefix = Path(sys.prefix)
    own = [
        Path("~/nltk_data").expanduser(),
        *(prefix / part for part in ("nltk_data", "share/nltk_data", "lib/nltk_data")),
    ]
    shared = ["/usr/share", "/usr/local/share", "/usr/lib", "/usr/local/lib"]
    return [*chosen, *own, *(Path(folder, "nltk_data") for folder in shared)]
