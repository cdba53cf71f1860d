"""Streams of inputs and answers: batches of similar size, prepared while the device works; answers in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

from internvid_assets.cells.errors import CallError
from internvid_assets.models.protocols import Answer, Answers

Item = TypeVar("Item")

WINDOW_BATCHES = 8
"""Batches sorted together: enough to group items of similar size, few enough to fit in memory."""


def in_order(answers: Answers) -> list[Answer | CallError]:
    """All answers, in the order of the inputs."""
    found = {position: answer for piece in answers for position, answer in piece.items()}
    return [found[position] for position in range(len(found))]


def batches_by_size(
    items: Iterable[Item], batch_size: int, size: Callable[[Item], Any]
) -> Iterator[tuple[Sequence[int], list[Item]]]:
    """(positions, items) of at most `batch_size` items of similar size, to minimize padding."""
    numbered = enumerate(items)
    while window := list(islice(numbered, batch_size * WINDOW_BATCHES)):
        window.sort(key=lambda item: size(item[1]))
        for start in range(0, len(window), batch_size):
            positions, batch = zip(*window[start : start + batch_size], strict=True)
            yield positions, list(batch)


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Consecutive lists of at most `size` items, made on demand."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


_END = object()


def ahead(items: Iterable[Item], count: int = 2) -> Iterator[Item]:
    """The items in order, up to `count` of them prefetched by a thread."""
    iterator = iter(items)
    with ThreadPoolExecutor(1) as thread:
        waiting = deque(thread.submit(next, iterator, _END) for _ in range(count))
        try:
            while (item := waiting.popleft().result()) is not _END:
                waiting.append(thread.submit(next, iterator, _END))
                yield item  # type: ignore[misc]
        finally:
            thread.shutdown(wait=True, cancel_futures=True)
