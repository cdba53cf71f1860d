"""How the datasets of UMT and ViCLIP word a caption before it is tokenised, in training and in use."""

from __future__ import annotations

import re

SIGNS = str.maketrans("-/", "  ", ",.'!?\"()*#:;~")


def pre_text(caption: str) -> str:
    """Lower case without punctuation; hyphens and slashes part words: `Close-up: a dog!` is `close up a dog`."""
    words = caption.lower().translate(SIGNS).replace("<person>", "person")
    return re.sub(r"\s{2,}", " ", words).rstrip("\n").strip(" ")
