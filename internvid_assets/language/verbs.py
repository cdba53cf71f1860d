"""Verbs in captions (InternVid 3.3), by NLTK's averaged perceptron with its own English weights, or else ours.

NLTK's weights are used if `nltk.download("averaged_perceptron_tagger_eng")` has installed them; nothing is downloaded
here. Ours (`train_tagger`) only cover the sample world and everyday captions; for a larger corpus, install NLTK's.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from internvid_assets.language.words import split_words

if TYPE_CHECKING:
    from nltk.tag.perceptron import PerceptronTagger

    from internvid_assets.language.perceptron import BatchTagger

    Folder = Path | zipfile.Path

NLTK_NAME = "averaged_perceptron_tagger_eng"
OUR_FOLDER = Path(__file__).parent / "tagger"
PARTS = ("weights", "tagdict", "classes")
VERBS = frozenset({"VB", "VBD", "VBG", "VBN", "VBP", "VBZ"})
"""Verb tags of the Penn Treebank; a tagger may assign them to a number or punctuation."""
BEHIND_VERBS = frozenset({"RB", "RP"})
"""Adverbs and particles: moves left, sits down."""
BE = frozenset({"be", "is", "are", "was", "were", "being", "been", "am"})


def find_verbs(captions: Sequence[str], tagger: BatchTagger | None = None) -> list[list[str]]:
    """The verbs of each caption in lower case, inflected as written, in caption order."""
    tagged = tagged_words(captions, tagger)
    return [[word.lower() for word, tag in words if tag in VERBS and any(map(str.isalpha, word))] for words in tagged]


def verb_phrases(captions: Sequence[str], tagger: BatchTagger | None = None) -> list[str]:
    """The verbs of each caption with the adverbs and particles right after them, and nothing else.

    "a red ball moves left on a plain background" gives "moves left"; "" if there is no verb. Forms of `be` are dropped.
    """
    return [" ".join(_happenings(words)) for words in tagged_words(captions, tagger)]


def _happenings(words: list[tuple[str, str]]) -> Iterator[str]:
    is_verb = False
    for word, tag in words:
        is_verb = (tag in VERBS and any(map(str.isalpha, word))) or (is_verb and tag in BEHIND_VERBS)
        if is_verb and word.lower() not in BE:
            yield word.lower()


def tagged_words(captions: Sequence[str], tagger: BatchTagger | None = None) -> list[list[tuple[str, str]]]:
    """The words of each caption with their Penn Treebank tags, equal to NLTK's for single captions.

    Pass a `tagger` for frequent calls: otherwise all weights are read to detect a change.
    """
    return (tagger or open_tagger()).tag(split_words(captions))


def tagger_identity() -> tuple[str, str]:
    """(name, hash of the weights) of the tagger that `find_verbs` uses, without importing NLTK (1 s)."""
    folder = _nltk_weights()
    name = "nltk " + NLTK_NAME if folder else "internvid caption tagger"
    content = hashlib.sha256()
    for part in PARTS:
        content.update(_file(folder or OUR_FOLDER, part).read_bytes())
    return name, content.hexdigest()[:12]


def open_tagger() -> BatchTagger:
    """The tagger of `tagger_identity`."""
    return _tagger(tagger_identity())


@functools.lru_cache(maxsize=2)
def _tagger(identity: tuple[str, str]) -> BatchTagger:
    """Reloaded if the identity, that is the weights, changed."""
    from internvid_assets.language.perceptron import BatchTagger

    return BatchTagger(load_tagger())


def load_tagger() -> PerceptronTagger:
    """NLTK's own class, with the weights of `tagger_identity`."""
    from nltk.tag.perceptron import PerceptronTagger

    folder = _nltk_weights() or OUR_FOLDER
    tagger = PerceptronTagger(load=False)
    # PerceptronTagger's own loader cannot read files outside NLTK's data folders.
    tagger.decode_json_params(json.loads(_file(folder, part).read_bytes()) for part in PARTS)
    return tagger


def _file(folder: Folder, part: str) -> Any:
    return folder / f"{NLTK_NAME}.{part}.json"


def _nltk_weights() -> Folder | None:
    """NLTK's weights in the first of its folders that has them, unpacked or zipped."""
    for root in nltk_folders():
        unpacked, packed = root / "taggers" / NLTK_NAME, root / "taggers" / f"{NLTK_NAME}.zip"
        if _file(unpacked, "classes").is_file():
            return unpacked
        if packed.is_file():
            return zipfile.Path(packed, f"{NLTK_NAME}/")
    return None


def nltk_folders() -> list[Path]:
    """`nltk.data.path` on Linux and macOS."""
    chosen = [Path(folder).expanduser() for folder in os.environ.get("NLTK_DATA", "").split(os.pathsep) if folder]
    prefix = Path(sys.prefix)
    own = [
        Path("~/nltk_data").expanduser(),
        *(prefix / part for part in ("nltk_data", "share/nltk_data", "lib/nltk_data")),
    ]
    shared = ["/usr/share", "/usr/local/share", "/usr/lib", "/usr/local/lib"]
    return [*chosen, *own, *(Path(folder, "nltk_data") for folder in shared)]
