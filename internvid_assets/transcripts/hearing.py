"""Speech recognition as stored calls: audio decoding and voice activity in worker processes, the model in this one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Work
from internvid_assets.cells.store import Store
from internvid_assets.media.audio import SAMPLE_RATE, record
from internvid_assets.media.voice import voice_probabilities, voiced_windows
from internvid_assets.models.protocols import Transcriber, Utterance
from internvid_assets.transcripts.words import Cue, Word, begun, payloads, spread
from internvid_assets.videos.subtitle_names import UNDETERMINED

LISTENED_WINDOWS = 5
"""A video's language is that of the majority of its first windows, since a single one may be a song."""
MAX_CUE_SECONDS = 10.0
SENTENCE_ENDS = (".", "?", "!", "。", "？", "！", "…")

Window = tuple[float, float]


def hear_speech(bench: Bench) -> Work:
    """Transcribe the speech in the videos of a batch; no rows if the profile has no transcriber.

    Audio is passed through files, so that memory does not grow with a video's length; the model is loaded only if
    there is speech.
    """
    if not bench.models.has("transcriber"):
        return lambda batch: [[] for _ in range(batch.height)]
    listening = {**bench.parameters.of_recipe(), "max_pixels": bench.settings.videos.max_pixels}

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        with Store(bench.settings.home).scratch() as folder:
            files = [folder / f"{number}.s16" for number in range(batch.height)]
            rows = batch.select("media_uri", "audio_uri", "duration_seconds").rows()
            calls = [
                {
                    "media_uri": bench.settings.place(media),
                    "audio_uri": bench.settings.place(audio) if audio else None,
                    "max_seconds": seconds,
                    "to": file,
                    **listening,
                }
                for (media, audio, seconds), file in zip(rows, files, strict=True)
            ]
            windows = bench.engine.each(listen, calls, timeout_seconds=bench.parameters.timeout_seconds)
            return heard(files, windows, bench)

    return work


def listen(
    media_uri: str,
    *,
    audio_uri: str | None,
    to: Path,
    max_seconds: float,
    max_pixels: int,
    min_voice_probability: float,
    max_pause_seconds: float,
) -> list[Window]:
    """Write a video's audio into the file `to`, and return the windows with speech."""
    record(media_uri, to, audio_uri=audio_uri, max_seconds=max_seconds, max_pixels=max_pixels)
    probabilities = voice_probabilities(recorded(to))
    return voiced_windows(probabilities, min_probability=min_voice_probability, max_pause_seconds=max_pause_seconds)


def recorded(file: Path) -> np.ndarray:
    """The samples in a file written by `record`, memory-mapped."""
    return np.memmap(file, dtype=np.int16, mode="r")


def heard(files: Sequence[Path], windows: Sequence[list[Window] | CallError], bench: Bench) -> list[Outcome]:
    """The cues of each video, from its windows with speech."""
    videos = [
        [] if isinstance(spans, CallError) else [recorded(file)[_samples(span)] for span in spans]
        for file, spans in zip(files, windows, strict=True)
    ]
    if not any(videos):
        return [spans if isinstance(spans, CallError) else [] for spans in windows]
    transcriber = bench.models.transcriber
    languages = [language_of(sounds, transcriber) for sounds in videos]
    spoken = [language or UNDETERMINED for language, sounds in zip(languages, videos, strict=True) for _ in sounds]
    utterances = iter(transcriber.transcribe([sound for sounds in videos for sound in sounds], spoken))
    outcomes: list[Outcome] = []
    for spans, language in zip(windows, languages, strict=True):
        if isinstance(spans, CallError):
            outcomes.append(spans)
            continue
        words = [word for (start, _) in spans for word in timed_words(next(utterances), start)]
        cues = cues_of(words, max_pause_seconds=bench.parameters.max_pause_seconds)
        outcomes.append(payloads(cues, language=language, origin="speech_recognition"))
    return outcomes


def _samples(window: Window) -> slice:
    return slice(*(round(seconds * SAMPLE_RATE) for seconds in window))


def language_of(sounds: Sequence[np.ndarray], transcriber: Transcriber) -> str | None:
    """The language of most of the first windows; null if there is no speech."""
    votes = Counter(transcriber.languages(sounds[:LISTENED_WINDOWS])) if sounds else Counter()
    return votes.most_common(1)[0][0] if votes else None


def timed_words(utterances: Sequence[Utterance], start_seconds: float) -> list[Word]:
    """The words of a window that starts at `start_seconds`; a phrase's time is divided by the lengths of its words."""
    each = (spread(u.text, start_seconds + u.start_seconds, start_seconds + u.end_seconds) for u in utterances)
    return [word for words in each for word in words]


def cues_of(words: Sequence[Word], *, max_pause_seconds: float) -> list[Cue]:
    """Group words into cues: a cue ends with a sentence, before a pause, or when it gets too long to read at once."""
    groups: list[list[Word]] = []
    for word in words:
        if groups and _goes_on(groups[-1], word, max_pause_seconds):
            groups[-1].append(word)
        else:
            groups.append([word])
    return [Cue(cue[0].start_seconds, max(word.end_seconds for word in cue), begun(cue)) for cue in groups]


def _goes_on(cue: Sequence[Word], word: Word, max_pause_seconds: float) -> bool:
    pause_seconds = word.start_seconds - cue[-1].end_seconds
    is_short = word.end_seconds - cue[0].start_seconds <= MAX_CUE_SECONDS
    return is_short and pause_seconds <= max_pause_seconds and not cue[-1].text.endswith(SENTENCE_ENDS)
