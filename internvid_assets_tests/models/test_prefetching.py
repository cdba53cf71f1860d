"""While a model works on a batch, the next one is read and prepared; and no more than that lies in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from test_scorers import umt  # noqa: E402
from test_transformers_adapters import clip  # noqa: E402

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.transformers_clip import TransformersClip, load_embedder  # noqa: E402
from internvid_assets.models.umt_similarity import UmtSimilarity  # noqa: E402

BATCH, BATCHES = 4, 6
WAIT_SECONDS = 20


class Source:
    """Pictures that count who has asked for them."""

    def __init__(self) -> None:
        self.taken, self.changed = 0, threading.Condition()

    def pictures(self) -> Iterator[np.ndarray]:
        rng = np.random.default_rng(0)
        for _ in range(BATCH * BATCHES):
            with self.changed:
                self.taken += 1
                self.changed.notify_all()
            yield rng.integers(256, size=(24, 32, 3), dtype=np.uint8)

    def wait_for(self, count: int) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self.taken >= count, WAIT_SECONDS)


class Watching(TransformersClip):
    """Works on a batch until the one after it has been asked for."""

    source: Source
    taken: list[int]

    def _images(self, inputs):
        done = len(self.taken)
        assert self.source.wait_for(min((done + 2) * BATCH, BATCH * BATCHES)), "nobody reads while the model works"
        self.taken.append(self.source.taken)
        return super()._images(inputs)


def test_pictures_are_read_while_the_model_works(tmp_path):
    plain, source = load_embedder(clip(tmp_path), "any"), Source()
    watching = Watching(plain.model, plain.processor, batch_size=BATCH)
    watching.source, watching.taken = source, []
    vectors = watching.embed_images(source.pictures())
    assert vectors == pytest.approx(plain.embed_images(list(Source().pictures())), abs=1e-5)
    assert len(watching.taken) == BATCHES
    assert all(taken <= (number + 4) * BATCH for number, taken in enumerate(watching.taken))


def test_a_picture_that_cannot_be_read_ends_the_batch_with_its_own_error(tmp_path):
    def broken() -> Iterator[np.ndarray]:
        yield from Source().pictures()
        raise UserError("no such frame")

    with pytest.raises(UserError, match="no such frame"):
        load_embedder(clip(tmp_path), "any").embed_images(broken())


def test_clips_may_come_one_by_one(tmp_path):
    scorer: UmtSimilarity = umt(tmp_path)
    clips = [list(Source().pictures())[:count] for count in (3, 0, 1, 3, 2) * 4]
    lazily, at_once = scorer.embed_clips(iter(clips)), scorer.embed_clips(clips)
    assert [one.shape for one in lazily] == [(len(own), 8) for own in clips]
    for one, other in zip(lazily, at_once, strict=True):
        assert one == pytest.approx(other, abs=1e-5)
