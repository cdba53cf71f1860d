"""Talks in waves: each prompt is made of the answer before, no wave has gaps, and every result finds its talk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from internvid_assets.cells.errors import CallError
from internvid_assets.models.protocols import Answer, Answers, Prompt, Talk
from internvid_assets.models.talks import in_waves


class Echo:
    """Answers a prompt with its words and the number of the wave, the last prompt first."""

    def __init__(self) -> None:
        self.waves: list[int] = []

    def __call__(self, prompts: Sequence[Prompt]) -> Answers:
        self.waves.append(len(prompts))
        for position, prompt in reversed(list(enumerate(prompts))):
            yield {position: Answer(f"{prompt[0]}!")}


def talk(name: int, length: int) -> Talk:
    said = str(name)
    for _ in range(length):
        answer = yield [said]
        assert isinstance(answer, Answer)
        said = answer.text
    return said


def ended(lengths: Sequence[int], at_once: int) -> tuple[dict[int, str], list[int]]:
    echo, results = Echo(), {}
    talks: Iterator[Talk] = (talk(name, length) for name, length in enumerate(lengths))
    for piece in in_waves(echo, talks, at_once=at_once):
        assert results.keys().isdisjoint(piece)
        results |= piece
    return results, echo.waves


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_every_talk_goes_its_own_way_to_its_end(at_once: int):
    lengths = [2, 0, 5, 1, 0, 3, 3, 1]
    results, _ = ended(lengths, at_once)
    assert results == {name: f"{name}{'!' * length}" for name, length in enumerate(lengths)}


def test_a_wave_is_full_as_long_as_talks_wait():
    _, waves = ended([3, 1, 2, 1, 1, 2, 2], at_once=3)
    assert waves == [3, 3, 3, 2, 1]
    assert ended([], 3) == ({}, [])
    assert ended([0, 0], 1) == ({0: "0", 1: "1"}, [])


def test_a_talk_hears_of_a_failure():
    def heard() -> Talk:
        answer = yield ["?"]
        return answer

    failure = CallError("refused", "no")
    (piece,) = [each for each in in_waves(lambda prompts: iter([{0: failure}]), [heard()], at_once=2) if each]
    assert piece == {0: failure}
