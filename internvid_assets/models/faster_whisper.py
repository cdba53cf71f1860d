"""Speech recognition with faster-whisper (CTranslate2), several times as fast on a CPU; needs the extra `asr`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from internvid_assets.cells.errors import UserError
from internvid_assets.models.protocols import Utterance

ENGLISH = "en"


def load_faster_whisper(source: str, revision: str) -> FasterWhisper:
    """A Whisper in CTranslate2's format, from a folder or a pinned hub id."""
    if find_spec("faster_whisper") is None:
        raise UserError(
            "models.transcriber.adapter is faster_whisper, which is not installed: install internvid-assets[asr], or "
            'set models.transcriber.adapter = "transformers"'
        )
    from faster_whisper import WhisperModel

    is_folder = Path(source).is_dir()
    try:
        return FasterWhisper(WhisperModel(source, local_files_only=is_folder, revision=None if is_folder else revision))
    except (OSError, RuntimeError, ValueError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise UserError(
            f"cannot load {source} at {revision} ({reason}); expected a Whisper in CTranslate2's format: "
            "convert it with ct2-transformers-converter"
        ) from error


class FasterWhisper:
    """Implements `Transcriber`, one audio clip at a time, with timestamps for every word."""

    def __init__(self, model) -> None:
        self.model = model

    def languages(self, sounds: Sequence[np.ndarray]) -> list[str]:
        if not self.model.model.is_multilingual:
            return [ENGLISH] * len(sounds)
        return [self.model.detect_language(_scaled(sound))[0] for sound in sounds]

    def transcribe(self, sounds: Sequence[np.ndarray], languages: Sequence[str]) -> list[list[Utterance]]:
        return [self._answer(sound, language) for sound, language in zip(sounds, languages, strict=True)]

    def _answer(self, sound: np.ndarray, language: str) -> list[Utterance]:
        segments, _ = self.model.transcribe(
            _scaled(sound), language=language, beam_size=1, word_timestamps=True, condition_on_previous_text=False
        )
        words = (word for segment in segments for word in segment.words or ())
        return [Utterance(word.word, word.start, max(word.start, word.end)) for word in words if word.word.strip()]


def _scaled(sound: np.ndarray) -> np.ndarray:
    return sound.astype(np.float32) / 32768
