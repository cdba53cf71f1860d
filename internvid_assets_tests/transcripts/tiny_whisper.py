"""An untrained Whisper of a few thousand weights, saved as a real one is: it hears nothing, but answers in full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LANGUAGES = ("en", "zh", "de", "fr")
CONTROLS = ("<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>")
END, START = "<|endoftext|>", "<|startoftranscript|>"
TIMES = [f"<|{tick * 0.02:.2f}|>" for tick in range(1501)]
LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]
SPACED = [f"Ġ{letter}" for letter in LETTERS]
"""Ġ stands for a space in byte-level vocabularies."""
LONGEST_ANSWER_TOKENS = 24


def save_tiny_whisper(folder: Path, *, seed: int = 0, with_word_times: bool = True) -> Path:
    """A multilingual model with tokenizer, feature extractor and generation settings in `folder`."""
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperProcessor,
    )

    tokenizer = _tokenizer()
    ids = tokenizer.get_vocab()
    torch.manual_seed(seed)
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        num_mel_bins=80,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        max_target_positions=448,
        init_std=0.5,
        pad_token_id=ids[END],
        bos_token_id=ids[END],
        eos_token_id=ids[END],
        decoder_start_token_id=ids[START],
    )
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        is_multilingual=True,
        lang_to_id={f"<|{language}|>": ids[f"<|{language}|>"] for language in LANGUAGES},
        task_to_id={"translate": ids["<|translate|>"], "transcribe": ids["<|transcribe|>"]},
        no_timestamps_token_id=ids["<|notimestamps|>"],
        prev_sot_token_id=ids["<|startofprev|>"],
        alignment_heads=[[0, 0], [0, 1]] if with_word_times else None,
        begin_suppress_tokens=[ids[END]],
        suppress_tokens=[token for word, token in ids.items() if word not in (END, *LETTERS, *SPACED, *TIMES)],
        max_initial_timestamp_index=50,
        max_length=LONGEST_ANSWER_TOKENS,
        decoder_start_token_id=ids[START],
        eos_token_id=ids[END],
        pad_token_id=ids[END],
        bos_token_id=ids[END],
        return_timestamps=False,
    )
    model.save_pretrained(folder)
    WhisperProcessor(WhisperFeatureExtractor(), tokenizer).save_pretrained(folder)
    return folder


def _tokenizer():
    """A byte-level vocabulary as Whisper's, in which the only learned words are letters after a space."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import AddedToken, WhisperTokenizer

    vocabulary = {word: number for number, word in enumerate([END, *sorted(ByteLevel.alphabet()), *SPACED])}
    tokenizer = WhisperTokenizer(vocab=vocabulary, merges=[("Ġ", letter) for letter in LETTERS], pad_token=END)
    controls = [END, START, *(f"<|{language}|>" for language in LANGUAGES), *CONTROLS]
    tokenizer.add_special_tokens({"additional_special_tokens": controls})
    tokenizer.add_tokens([AddedToken(time, normalized=False) for time in TIMES])
    return tokenizer


@contextmanager
def one_thread() -> Iterator[None]:
    """Threads that wait by spinning cost a tiny model more than they gain."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
