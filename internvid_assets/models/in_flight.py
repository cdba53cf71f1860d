"""Many requests in flight: a bounded number, failures that may pass tried again, pauses that a server asks for kept."""

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
"""So often whoever waits for answers hears that there are none, and may commit what came before."""
LONGEST_BACKOFF_SECONDS = 60.0


@dataclass(eq=False)
class Passing(Exception):
    """A failure that may pass: what to remember if it does not, and the wait that the server asks of everybody."""

    error: CallError
    wait_seconds: float | None = None
    is_limit: bool = False
    """It costs no try: the server is well, and asked for less."""
    ends_run: bool = False
    """No question is to blame, so if it does not pass the run ends."""

    def __str__(self) -> str:
        return str(self.error)


@dataclass(frozen=True)
class Patience:
    """How often and how long one request is tried."""

    tries: int
    backoff_seconds: float
    max_wait_seconds: float


class Pace:
    """When the next request may start: a pause that one request is told to make is made by all."""

    def __init__(self) -> None:
        self._rest_until = 0.0

    def rest(self, seconds: float) -> None:
        self._rest_until = max(self._rest_until, asyncio.get_running_loop().time() + seconds)

    async def turn(self) -> None:
        """Returns after the pause, and not with everybody else at its very end."""
        while (left := self._rest_until - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(left * (1 + random.random() / 2))


class InFlight(Generic[Question, Reply]):
    """Asks `ask` every question, in a thread of its own in which nothing else waits."""

    def __init__(self, ask: Callable[[Question], Awaitable[Reply]], *, at_once: int, patience: Patience) -> None:
        self._ask, self._at_once, self._patience = ask, at_once, patience
        self.pace = Pace()
        self._slots = asyncio.Semaphore(at_once)
        self._failed_in_a_row = self._refused = 0
        self._has_answered = False
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, daemon=True).start()

    def answers(self, questions: Iterable[Question]) -> Iterator[Mapping[int, Reply | CallError]]:
        """What is answered by now, again and again; at most twice `at_once` questions are taken and unanswered.

        Raises RunStopped when no question is to blame, or when more than `at_once` failed one after the other, or were
        refused before the server has answered any; what was answered before that comes first.
        """
        return self._as_done(self._answer(question) for question in questions)

    def ended(self, talks: Iterable[Talk], asking: Callable[[Prompt], Question]) -> Iterator[Mapping[int, Any]]:
        """As `answers`, of talks: each at its own pace, so that a slow answer holds up its own talk alone."""
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
        """What a talk returns, or the failure of its own code. Its steps decode pictures, so they have a thread."""
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
                raise RunStopped(f"{passing}; see to the server, and run the same command again") from None
            return passing.error
        except RunStopped:
            raise
        except Exception as error:
            return self._refusal(as_call_error(error))
        self._failed_in_a_row, self._has_answered = 0, True
        return reply

    def _refusal(self, error: CallError) -> CallError:
        """A question's own failure, worth another try while none was answered: then it may be everybody's.

        Raises RunStopped if it is: the server wants to be asked otherwise.
        """
        if self._has_answered:
            return error
        self._refused += 1
        if self._refused > self._at_once:
            raise RunStopped(
                f"the first {self._refused} requests were all refused, the last one with {error}; see to the server, "
                "and to [server] of the settings, and run the same command again"
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
                if wait is None or attempts > self._patience.tries:  # as told, but not for ever: it may tell 0 s
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
        """Full jitter: anything from nothing to a longest wait that doubles."""
        longest = min(LONGEST_BACKOFF_SECONDS, self._patience.backoff_seconds * 2.0 ** (attempts - 1))
        return random.uniform(0, longest)


def _come_in(
    done: SimpleQueue[tuple[int, Future[Any]]], under_way: dict[int, Future[Any]]
) -> Iterator[Mapping[int, Any]]:
    """All that is answered by now; after a second without an answer, an empty piece."""
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
