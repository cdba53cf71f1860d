"""Caption normalization of UMT and ViCLIP before tokenization, in training and inference."""

from __future__ import annotations

import re

SIGNS = str.maketrans("-/", "  ", ",.'!?\"()*#:;~")


def pre_text(caption: str) -> str:
    """Lower case without punctuation; hyphens and slashes become spaces: `Close-up: a dog!` is `close up a dog`."""
    words = caption.lower().translate(SIGNS).replace("<person>", "person")
    return re.sub(r"\s{2,}", " ", words).rstrip("\n").strip(" ")
