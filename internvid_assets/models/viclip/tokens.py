"""Tokenization of captions, with CLIP's own tokenizer or that of the initial CLIP."""

from __future__ import annotations

import gzip
import html
import re
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from internvid_assets.cells.errors import UserError
from internvid_assets.models.pre_text import pre_text
from internvid_assets.models.transformers_loading import load_part
from internvid_assets.viclip_parameters import CLIP_WORDS

PAD = 0
START, END = "<|startoftext|>", "<|endoftext|>"
MERGES = 49_152 - 256 - 2
"""Number of merges of the published list that CLIP uses."""
PIECES = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
SHIPPED = "bpe_simple_vocab_16e6.txt.gz"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")


class Words:
    """Converts texts to ViCLIP's token ids."""

    def __init__(self, tokenizer: Any, *, context_tokens: int, start: int, end: int) -> None:
        """`tokenizer` is from the `tokenizers` library; start and end ids are added around its output."""
        self.tokenizer, self.context_tokens, self.start, self.end = tokenizer, context_tokens, start, end

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """int64 [texts, l], padded with 0 to the longest; longer than the context is truncated before the end token."""
        rows = [self.ids(text) for text in texts]
        found = torch.full((len(rows), max(map(len, rows), default=0)), PAD)
        for row, ids in enumerate(rows):
            found[row, : len(ids)] = torch.tensor(ids)
        return found

    def ids(self, text: str) -> list[int]:
        """Start, at most `context_tokens` - 2 ids, end."""
        return [self.start, *self.pieces(text)[: self.context_tokens - 2], self.end]

    def pieces(self, text: str) -> list[int]:
        """Without start and end, not truncated."""
        return self.tokenizer.encode(cleaned(text), add_special_tokens=False).ids

    def captions(self, texts: Sequence[str]) -> Tensor:
        """As `__call__`, for captions normalized as in the released datasets, in training and evaluation."""
        return self([pre_text(text) for text in texts])


def words_of(source: str, *, context_tokens: int = 32) -> Words:
    """`clip`: CLIP's own tokenizer; otherwise that of a CLIP's folder, such as the initial CLIP."""
    if source == CLIP_WORDS:
        tokenizer = clip_tokenizer(shipped_words())
        start, end = (tokenizer.token_to_id(token) for token in (START, END))
        return Words(tokenizer, context_tokens=context_tokens, start=start, end=end)
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    # PreTrainedTokenizerFast ignores config.json, whose model type in our checkpoints AutoTokenizer does not know.
    is_fast = (Path(source) / TOKENIZER_FILES[0]).is_file()
    loaded = load_part(PreTrainedTokenizerFast if is_fast else AutoTokenizer, source, "main")
    tokenizer = loaded.backend_tokenizer
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return Words(tokenizer, context_tokens=context_tokens, start=loaded.bos_token_id, end=loaded.eos_token_id)


def keep_words(source: str, folder: Path) -> None:
    """Copy the tokenizer files of `source` to a checkpoint's folder, so it can be moved; CLIP's own needs no file."""
    for name in TOKENIZER_FILES:
        if (Path(source) / name).is_file():
            shutil.copyfile(Path(source) / name, folder / name)


def words_beside(checkpoint: Path, *, context_tokens: int = 32) -> Words:
    """The tokenizer stored with a checkpoint, or CLIP's own."""
    has_own = (checkpoint / TOKENIZER_FILES[0]).is_file()
    return words_of(str(checkpoint) if has_own else CLIP_WORDS, context_tokens=context_tokens)


def shipped_words() -> Path:
    """CLIP's vocabulary, as shipped by open_clip, whose code is not run. Raises UserError if it is not installed."""
    package = find_spec("open_clip")
    folders = package.submodule_search_locations if package else None
    path = Path(next(iter(folders or [""])), SHIPPED)
    if not path.is_file():
        way_out = "pip install 'internvid-assets[clip-words]', or set the tokenizer to a CLIP's folder"
        raise UserError(f"CLIP's vocabulary ({SHIPPED}) is not installed; {way_out}")
    return path


def clip_tokenizer(vocabulary: Path) -> Any:
    """OpenAI's byte-pair encoding (Radford et al., 2021) from its published list of merges."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

    lines = gzip.decompress(vocabulary.read_bytes()).decode().split("\n")[1 : MERGES + 1]
    merges = [(first, second) for first, _, second in (line.partition(" ") for line in lines)]
    letters = _letters()
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *map("".join, merges), START, END]
    pairs = models.BPE({token: id for id, token in enumerate(tokens)}, merges, end_of_word_suffix="</w>")
    tokenizer: Any = Tokenizer(pairs)
    pieces = pre_tokenizers.Split(Regex(PIECES), "removed", invert=True)
    bytes_as_letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pieces, bytes_as_letters])
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in (START, END)])
    return tokenizer


def _letters() -> list[str]:
    """A visible letter for each byte, in the vocabulary's order; printable bytes come first, as themselves."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return [*map(chr, printable), *(chr(256 + extra) for extra in range(256 - len(printable)))]


def cleaned(text: str) -> str:
    """Text cleaning as in CLIP: ftfy if installed, HTML entities resolved, white space collapsed, lower case."""
    if find_spec("ftfy"):
        import ftfy

        text = ftfy.fix_text(text)
    text = html.unescape(html.unescape(text)).strip()
    return re.sub(r"\s+", " ", text).strip().lower()
