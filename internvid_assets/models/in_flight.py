"""Concurrent requests: a bounded number, with retries of transient failures and pauses that the server requests."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

from internvid_assets.cells.errors import CallError, RunStopped, as_call_error
from internvid_assets.models.protocols import Prompt, Talk
from internvid_assets.models.talks import Ended, step

Question = TypeVar("Question")
Reply = TypeVar("Reply")

HEARTBEAT_SECONDS = 1.0
"""Without answers, an empty piece is yielded this often, so that the caller can commit earlier ones."""
LONGEST_BACKOFF_SECONDS = 60.0


@dataclass(eq=False)
class Passing(Exception):
    """A transient failure: the error to store if retries fail, and the wait that the server requests of all clients."""

    error: CallError
    wait_seconds: float | None = None
    is_limit: bool = False
    """A rate limit, which does not count as a failed attempt."""
    ends_run: bool = False
    """Not caused by a question, so the run ends if retries fail."""

    def __str__(self) -> str:
        return str(self.error)


@dataclass(frozen=True)
class Patience:
    """How often and how long one request is retried."""

    tries: int
    backoff_seconds: float
    max_wait_seconds: float


class Pace:
    """When the next request may start: a pause requested of one request applies to all."""

    def __init__(self) -> None:
        self._rest_until = 0.0

    def rest(self, seconds: float) -> None:
        self._rest_until = max(self._rest_until, asyncio.get_running_loop().time() + seconds)

    async def turn(self) -> None:
        """Returns after the pause, plus random jitter."""
        while (left := self._rest_until - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(left * (1 + random.random() / 2))


class InFlight(Generic[Question, Reply]):
    """Passes every question to `ask`, in an event loop in its own thread."""

    def __init__(self, ask: Callable[[Question], Awaitable[Reply]], *, at_once: int, patience: Patience) -> None:
        self._ask, self._at_once, self._patience = ask, at_once, patience
        self.pace = Pace()
        self._slots = asyncio.Semaphore(at_once)
        self._failed_in_a_row = self._refused = 0
        self._has_answered = False
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, daemon=True).start()

    def answers(self, questions: Iterable[Question]) -> Iterator[Mapping[int, Reply | CallError]]:
        """Pieces of answers as they arrive; at most twice `at_once` questions are pending.

        Raises RunStopped for a failure that no question caused, if more than `at_once` failed in a row, or if more were
        refused before the first answer; earlier answers are yielded first.
        """
        return self._as_done(self._answer(question) for question in questions)

    def ended(self, talks: Iterable[Talk], asking: Callable[[Prompt], Question]) -> Iterator[Mapping[int, Any]]:
        """As `answers`, for talks: each at its own pace, so that a slow answer only delays its own talk."""
        return self._as_done(self._talk(talk, asking) for talk in talks)

    def _as_done(self, coroutines: Iterable[Coroutine[Any, Any, Any]]) -> Iterator[Mapping[int, Any]]:
        done: SimpleQueue[tuple[int, Future[Any]]] = SimpleQueue()
        under_way: dict[int, Future[Any]] = {}
        self._failed_in_a_row = 0
        try:
            for position, coroutine in enumerate(coroutines):
                under_way[position] = future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
                future.add_done_callback(lambda future, position=position: done.put((position, future)))
                while len(under_way) >= 2 * self._at_once or not done.empty():
                    yield from _come_in(done, under_way)
            while under_way:
                yield from _come_in(done, under_way)
        finally:
            for future in under_way.values():
                future.cancel()

    async def _talk(self, talk: Talk, asking: Callable[[Prompt], Question]) -> Any:
        """The result of a talk, or the failure of its own code. Steps run in a thread, since they decode images."""
        try:
            said = await asyncio.to_thread(step, talk)
            while not isinstance(said, Ended):
                said = await asyncio.to_thread(step, talk, await self._answer(asking(said)))
        except RunStopped:
            raise
        except Exception as error:
            return as_call_error(error)
        return said.result

    async def _answer(self, question: Question) -> Reply | CallError:
        """Raises RunStopped."""
        try:
            reply = await self._tried(question)
        except Passing as passing:
            self._failed_in_a_row += 1
            if passing.ends_run or self._failed_in_a_row > self._at_once:
                raise RunStopped(f"{passing}; check the server, and run the same command again") from None
            return passing.error
        except RunStopped:
            raise
        except Exception as error:
            return self._refusal(as_call_error(error))
        self._failed_in_a_row, self._has_answered = 0, True
        return reply

    def _refusal(self, error: CallError) -> CallError:
        """A question's permanent failure; retryable while nothing was answered, since it may concern all requests.

        Raises RunStopped if it does: the requests do not suit the server.
        """
        if self._has_answered:
            return error
        self._refused += 1
        if self._refused > self._at_once:
            raise RunStopped(
                f"the first {self._refused} requests were all refused, the last one with {error}; check the server "
                "and [server] in the settings, and run the same command again"
            )
        return replace(error, retryable=True)

    async def _tried(self, question: Question) -> Reply:
        attempts, failures, waited = 0, 0, 0.0
        while True:
            try:
                async with self._slots:
                    await self.pace.turn()
                    return await self._ask(question)
            except Passing as passing:
                attempts, failures = attempts + 1, failures + (not passing.is_limit)
                wait = passing.wait_seconds
                if wait is None or attempts > self._patience.tries:  # the server may repeatedly request 0 s
                    wait = max(wait or 0.0, self._backoff_seconds(attempts))
                waited += wait
                if failures >= self._patience.tries or waited > self._patience.max_wait_seconds:
                    raise
                is_for_all = passing.is_limit or passing.wait_seconds is not None
            if is_for_all:
                self.pace.rest(wait)
            else:
                await asyncio.sleep(wait)

    def _backoff_seconds(self, attempts: int) -> float:
        """Full jitter: uniform between 0 and a maximum that doubles."""
        longest = min(LONGEST_BACKOFF_SECONDS, self._patience.backoff_seconds * 2.0 ** (attempts - 1))
        return random.uniform(0, longest)


def _come_in(
    done: SimpleQueue[tuple[int, Future[Any]]], under_way: dict[int, Future[Any]]
) -> Iterator[Mapping[int, Any]]:
    """All answers so far; after a second without one, an empty piece."""
    piece: dict[int, Any] = {}
    stopped: RunStopped | None = None
    try:
        position, future = done.get(timeout=HEARTBEAT_SECONDS)
        while True:
            del under_way[position]
            try:
                piece[position] = future.result()
            except RunStopped as error:
                stopped = error
            position, future = done.get_nowait()
    except Empty:
        yield piece
    if stopped:
        raise stopped
