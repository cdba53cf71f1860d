"""Talks: prompts of which each is made of the answer to the one before, many talks at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from internvid_assets.cells.errors import CallError
from internvid_assets.models.protocols import Answer, Answers, Prompt, Talk


@dataclass(frozen=True)
class Ended:
    """A talk's end, and what it made of its answers."""

    result: Any


def step(talk: Talk, reply: Answer | CallError | None = None) -> Prompt | Ended:
    """Tell a talk the answer to its last prompt (None before the first): its next prompt, or its end."""
    try:
        return talk.send(reply)  # pyright: ignore[reportArgumentType]
    except StopIteration as end:
        return Ended(end.value)


def in_waves(
    answer: Callable[[Sequence[Prompt]], Answers], talks: Iterable[Talk], *, at_once: int
) -> Iterator[Mapping[int, Any]]:
    """One prompt of each of `at_once` talks in every wave; a talk that ends makes room for another in the next.

    So a wave is full until the last talks, however long each is. For a model on this machine, which answers a batch
    when its longest answer is done; a server lets each talk go at its own pace.
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
