"""Talks: sequences of prompts, each built from the previous answer; many talks run at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from internvid_assets.cells.errors import CallError
from internvid_assets.models.protocols import Answer, Answers, Prompt, Talk


@dataclass(frozen=True)
class Ended:
    """The end of a talk, with its result."""

    result: Any


def step(talk: Talk, reply: Answer | CallError | None = None) -> Prompt | Ended:
    """Send a talk the answer to its last prompt (None before the first); returns its next prompt, or its end."""
    try:
        return talk.send(reply)  # pyright: ignore[reportArgumentType]
    except StopIteration as end:
        return Ended(end.value)


def in_waves(
    answer: Callable[[Sequence[Prompt]], Answers], talks: Iterable[Talk], *, at_once: int
) -> Iterator[Mapping[int, Any]]:
    """Each wave has one prompt of each of `at_once` talks; a talk that ends is replaced in the next wave.

    So waves stay full until the last talks, whatever their lengths. For local models, which finish a batch with its
    longest answer; on a server each talk proceeds at its own pace.
    """
    waiting, asked = enumerate(talks), []
    while True:
        ended: dict[int, Any] = {}
        for position, talk in islice(waiting, at_once - len(asked)):
            _note(position, talk, step(talk), asked, ended)
        if not (ended or asked):
            return
        yield ended
        wave, asked = asked, []
        for piece in answer([prompt for _, _, prompt in wave]) if wave else ():
            ended = {}
            for index, reply in piece.items():
                position, talk, _ = wave[index]
                _note(position, talk, step(talk, reply), asked, ended)
            yield ended


def _note(position: int, talk: Talk, said: Prompt | Ended, asked: list, ended: dict[int, Any]) -> None:
    if isinstance(said, Ended):
        ended[position] = said.result
    else:
        asked.append((position, talk, said))
