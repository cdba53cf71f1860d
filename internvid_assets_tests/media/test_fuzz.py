"""Two thousand damaged videos: no crash, no hang, no lost row, and nothing answered that cannot be.

FUZZ_SEEDS=2000:20000 make test ARGS="internvid_assets_tests/media/test_fuzz.py"   other mutations, and more
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from examining import Answer, contradictions, examine
from mutations import MUTATIONS, SAMPLES, mutated, sample

from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.errors import CallError
from internvid_assets.home import WORKERS_NEED

FIRST, LAST = map(int, os.environ.get("FUZZ_SEEDS", "0:2000").split(":"))
TIMEOUT_SECONDS = 30
MEMORY_BYTES = 1_000_000_000


def examine_mutation(seed: int, folder: str) -> tuple[Answer, Answer, Answer]:
    name, data = mutated(seed)
    path = Path(folder) / f"{seed}-{name}"
    path.write_bytes(data)
    try:
        return examine(str(path))
    finally:
        path.unlink()


@pytest.mark.slow
def test_every_mutation_has_an_answer_that_holds_together(tmp_path: Path) -> None:
    calls = [{"seed": seed, "folder": str(tmp_path)} for seed in range(FIRST, LAST)]
    with closing(LocalEngine(workers=2, memory_bytes=MEMORY_BYTES, preload=WORKERS_NEED)) as engine:
        answers = engine.each(examine_mutation, calls, timeout_seconds=TIMEOUT_SECONDS)
    assert len(answers) == len(calls)
    wrong = {
        f"seed {call['seed']} ({mutated(call['seed'])[0]})": found
        for call, answer in zip(calls, answers, strict=True)
        if (found := [str(answer)] if isinstance(answer, CallError) else [*contradictions(*answer)])
    }
    assert wrong == {}
    measured = Counter(answer[0].code if isinstance(answer[0], CallError) else "a video" for answer in answers)
    assert len(measured) >= 4 and measured["a video"] > len(calls) / 4, f"the mutations reach too little: {measured}"


def test_mutations_are_those_of_their_seed() -> None:
    assert [mutated(seed) for seed in range(50)] == [mutated(seed) for seed in range(50)]
    assert {mutated(seed)[0] for seed in range(200)} == {*SAMPLES}
    assert all(mutated(seed)[1] != sample(mutated(seed)[0]) for seed in range(20))
    assert len(MUTATIONS) >= 8


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_whole(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(sample(name))
    measured, clips, frames = examine(str(tmp_path / name))
    assert (measured["frame_count"], len(clips)) == (32, 2)
    assert list(contradictions(measured, clips, frames)) == []
