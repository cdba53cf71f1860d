"""The frame store keeps each picture once, gives them back in order, and stays fast when it is large."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from internvid_assets.cells.errors import CallError, RunStopped
from internvid_assets.media.frames import (
    COMPACT_FROM_PIECES,
    INDEX_FROM_ROWS,
    KEPT_VERSIONS,
    FrameStore,
    MissingFrames,
    hash_of,
)


@pytest.fixture
def store(tmp_path: Path) -> FrameStore:
    return FrameStore(tmp_path / "music")


def table_of(store: FrameStore):
    import lancedb

    return lancedb.connect(store.directory).open_table("frames")


def test_gives_back_in_the_order_asked_for_repeats_included(store: FrameStore) -> None:
    store.put({"a": b"1", "b": b"2", "c": b"3"})
    assert store.read(["c", "a", "c"]) == [b"3", b"1", b"3"]
    assert store.read([]) == []


def test_writing_again_adds_nothing(store: FrameStore) -> None:
    store.put({"a": b"1", "b": b"2"})
    store.put({"b": b"2", "c": b"3"})
    version = table_of(store).version
    store.put({"a": b"1", "c": b"3"})
    assert table_of(store).count_rows() == 3
    assert table_of(store).version == version


def test_says_what_is_missing(store: FrameStore) -> None:
    assert store.missing(["a"]) == {"a"}
    store.put({"a": b"1"})
    assert store.missing(["a", "it's"]) == {"it's"}
    way_out = r"remove cells/clip_frames/recipe=\*/category=music and materialise clip_frames"
    with pytest.raises(MissingFrames, match=rf"^1 frames are not in .* \(it's\); .*{way_out}") as error:
        store.read(["a", "it's"])
    assert error.value.hashes == ["it's"]


def test_reads_before_the_first_write(store: FrameStore) -> None:
    with pytest.raises(MissingFrames):
        store.read(["a"])
    store.put({})
    assert not store.directory.exists()


def test_images_are_rgb(store: FrameStore) -> None:
    red = np.zeros((32, 48, 3), np.uint8)
    red[..., 0] = 250
    store.put({"red": cv2.imencode(".jpg", red[..., ::-1])[1].tobytes()})
    (image,) = store.images(["red"])
    assert image.shape == (32, 48, 3)
    assert image.dtype == np.uint8
    assert np.allclose(image.mean(axis=(0, 1)), [250, 0, 0], atol=4)


def test_a_picture_that_is_none_any_more_is_its_rows_own_failure(store: FrameStore) -> None:
    store.put({"damaged": b"no picture"})
    with pytest.raises(CallError, match="picture_damaged"):
        store.images(["damaged"])


def test_a_changed_byte_is_noticed_and_not_captioned(store: FrameStore) -> None:
    pictures = [str(number).encode() * 500 for number in range(3)]
    store.put({hash_of(jpeg): jpeg for jpeg in pictures})
    assert store.read([hash_of(jpeg) for jpeg in pictures]) == pictures
    (file,) = store.directory.rglob("data/*.lance")
    file.write_bytes(file.read_bytes().replace(b"1111", b"1171", 1))
    assert store.read([hash_of(pictures[0])]) == pictures[:1]
    with pytest.raises(RunStopped, match=f"1 frames differ from their hash .{hash_of(pictures[1])}.; remove it and"):
        store.read([hash_of(jpeg) for jpeg in pictures])


def test_rows_written_twice_by_a_crashed_writer_do_not_break_reads(store: FrameStore) -> None:
    store.put({"a": b"1", "b": b"2"})
    table_of(store).add(table_of(store).to_arrow())
    assert table_of(store).count_rows() == 4
    assert store.read(["b", "a"]) == [b"2", b"1"]


@pytest.mark.filterwarnings("error::DeprecationWarning")
def test_grows_past_the_index_and_asks_it(store: FrameStore) -> None:
    pictures = {hash_of(jpeg): jpeg for jpeg in (os.urandom(16) for _ in range(2 * INDEX_FROM_ROWS + 100))}
    hashes = list(pictures)
    for start in range(0, len(hashes), 4000):
        store.put({h: pictures[h] for h in hashes[start : start + 4000]})
    assert [index.columns for index in table_of(store).list_indices()] == [["frame_hash"]]
    asked = hashes[::67]
    assert store.read(asked) == [pictures[h] for h in asked]
    plan = table_of(store).search().where("frame_hash in ('a', 'b')").select(["jpeg"]).explain_plan()
    assert "ScalarIndexQuery" in plan, "the index is asked, not every row"


def test_a_reader_survives_compaction(store: FrameStore) -> None:
    for i in range(20):
        store.put({f"h{i}": f"{i}".encode()})
    reader = table_of(store)
    table_of(store).optimize(cleanup_older_than=KEPT_VERSIONS)
    assert table_of(store).stats()["fragment_stats"]["num_fragments"] == 1
    assert reader.count_rows() == 20
    assert len(reader.to_arrow()) == 20
    assert store.read(["h7", "h19"]) == [b"7", b"19"]


def test_many_small_writes_do_not_leave_many_pieces(store: FrameStore) -> None:
    hashes = [f"h{i}" for i in range(2 * COMPACT_FROM_PIECES + 10)]
    for name in hashes:
        store.put({name: name.encode()})
    assert table_of(store).stats()["fragment_stats"]["num_fragments"] < COMPACT_FROM_PIECES
    assert store.read(hashes) == [name.encode() for name in hashes]


def test_what_a_kill_left_of_the_first_write_is_no_table(store: FrameStore) -> None:
    """And so the next run writes anew: nobody has to repair anything by hand."""
    left = store.directory / "frames.lance" / "data"
    left.mkdir(parents=True)
    (left / ".tmpXYZ").write_bytes(b"half")
    assert store.missing(["a"]) == {"a"}
    store.put({"a": b"1"})
    assert store.read(["a"]) == [b"1"]


def test_a_damaged_store_ends_the_run_and_says_what_to_do(store: FrameStore) -> None:
    store.put({"a": b"1"})
    for file in (store.directory / "frames.lance" / "data").iterdir():
        file.write_bytes(os.urandom(400))
    with pytest.raises(
        RunStopped, match=r"music failed: .*; if the disk is not full, remove it and cells/clip_frames/"
    ):
        store.read(["a"])
