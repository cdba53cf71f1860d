"""What is written is what is read again, in the columns that the format holds, times to the millisecond."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scenedetect import FrameTimecode

from internvid_assets.cells.errors import UserError
from internvid_assets.formats.catalogue import FORMATS, detected, read, write
from internvid_assets.formats.rows import CONTENT, seconds_of, timestamp_of

CAPTIONS = [
    "a person picking up toothbrushes from an open drawer",
    'he says "hello, world", twice',
    "it's a dog's life, isn't it",
    "сова, 猫が走る, ñandú 🎈",
    "back\\slash, tab\tand\nnew line [1, 2]",
    " none, 'and' \"both\" ",
]
PLACES = {
    "internvid": "clips.jsonl",
    "panda70m": "clips.csv",
    "sharegpt4video": "clips.json",
    "vild": "clips.json",
    "lvdr": "clips.jsonl",
    "viclip": "clips.json",
    "webdataset": "shards",
    "huggingface": "dataset",
    "lance": "clips.lance",
}


def clips() -> pl.DataFrame:
    """Three videos of two clips, sorted; the last one lacks what may be lacking."""
    rows = [
        {
            "clip_id": f"video{i // 2}_{i}",
            "video_id": f"video{i // 2}",
            "video_path": f"video{i // 2}_{i}.mp4",
            "archive": "panda_videos_1.zip" if i % 2 else "",
            "start_seconds": 3599.0014 + i,
            "end_seconds": 3600.9994 + i,
            "caption": caption,
            "more_captions": [] if i == 5 else [caption.upper()],
            "long_captions": [f"{caption}. And so on.", "It is false."] if i % 2 else [f"{caption}!"],
            "keyframe_captions": [f"{number}: {caption}" for number in range(i)],
            "aesthetic_score": None if i == 5 else 4.30078125,
            "umt_score": None if i == 5 else 0.4501953125,
            "matching_score": None if i == 5 else 0.43994140625,
            "language": None if i == 5 else "en",
            "category": None if i == 5 else "Howto & Style",
        }
        for i, caption in enumerate(CAPTIONS)
    ]
    return pl.DataFrame(rows, schema=CONTENT)


def in_batches(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cut where a video's clips are torn apart."""
    return rows.iter_slices(3)


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_is_read_again(name: str, tmp_path: Path) -> None:
    form, path = FORMATS[name], tmp_path / PLACES[name]
    write(in_batches(clips()), path, form)
    found = pl.concat(read(path, form))
    assert found["rejection_reason"].to_list() == [None] * 6
    times = pl.col("start_seconds", "end_seconds")
    expected = clips().with_columns(times.round(3) if form.one_is == "span" and len(form.holds) < 10 else times)
    assert_frame_equal(found.select(form.holds), expected.select(form.holds), rel_tol=0, abs_tol=1e-9)
    assert detected(path).name == name
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_written_as_a_file_without_records(name: str, tmp_path: Path) -> None:
    form, path = FORMATS[name], tmp_path / PLACES[name]
    write(iter([]), path, form)
    assert sum(batch.height for batch in read(path, form)) == 0


EXACT = {
    "internvid": (
        {"start_seconds": 3599.9996, "end_seconds": 3601.5},
        {
            "YoutubeID": "video0",
            "Start_timestamp": "01:00:00.000",
            "End_timestamp": "01:00:01.500",
            "Caption": "a ball",
            "Aesthetic_Score": 4.25,
            "UMT_Score": 0.5,
        },
    ),
    "sharegpt4video": (
        {},
        {
            "video_id": "video0",
            "video_path": "video0.mp4",
            "zip_folder": "",
            "captions": [
                {"idx": "0", "content": "a ball"},
                {"idx": "1", "content": "it rolls"},
                {"idx": "-1", "content": "a ball rolls"},
            ],
        },
    ),
    "vild": (
        {},
        {"short_captions": ["a ball", "one ball"], "long_captions": ["a ball rolls"], "video_id": "video0"},
    ),
    "lvdr": ({}, {"long_captions": ["a ball rolls"], "video_id": "video0"}),
    "viclip": ({}, {"video": "video0.mp4", "caption": "a ball"}),
}
ROW = {
    "video_id": "video0",
    "video_path": "video0.mp4",
    "start_seconds": 1.0,
    "end_seconds": 2.0,
    "caption": "a ball",
    "more_captions": ["one ball"],
    "long_captions": ["a ball rolls"],
    "keyframe_captions": ["a ball", "it rolls"],
    "aesthetic_score": 4.25,
    "umt_score": 0.5,
}


@pytest.mark.parametrize("name", EXACT)
def test_records_have_exactly_the_published_keys(name: str, tmp_path: Path) -> None:
    given, record = EXACT[name]
    path = tmp_path / "one.jsonl"
    write([pl.DataFrame([{**ROW, **given}])], path, FORMATS[name])
    assert list(json.loads(path.read_text()).items()) == list(record.items())


def test_a_json_file_is_one_array(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    write([pl.DataFrame([ROW, ROW])], path, FORMATS["viclip"])
    assert json.loads(path.read_text()) == [EXACT["viclip"][1]] * 2


def test_panda_has_a_line_per_video_with_lists_as_python_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    write([pl.DataFrame([ROW, {**ROW, "caption": 'it\'s, "that"', "umt_score": 0.25}])], path, FORMATS["panda70m"])
    assert path.read_text().splitlines() == [
        "videoID,url,timestamp,caption,matching_score",
        "video0,https://www.youtube.com/watch?v=video0,"
        "\"[['0:00:01.000', '0:00:02.000'], ['0:00:01.000', '0:00:02.000']]\","
        '"[\'a ball\', \'it\\\'s, ""that""\']","[0.5, 0.25]"',
    ]


def test_timestamps_are_those_of_scenedetect() -> None:
    frames = np.random.default_rng(0).integers(0, 500_000, 10_000)
    codes = [
        FrameTimecode(int(frame), fps=fps)
        for frame, fps in zip(frames, [24.0, 25.0, 29.97, 59.94] * 2_500, strict=True)
    ]
    seconds = pl.DataFrame({"seconds": [code.frame_num / float(code.frame_rate) for code in codes]})
    written = seconds.select(timestamp_of(pl.col("seconds"))).to_series()
    assert written.to_list() == [code.get_timecode() for code in codes]
    read_again = written.to_frame("timestamp").select(seconds_of(pl.col("timestamp"))).to_series()
    assert (read_again - seconds["seconds"]).abs().max() <= 0.0005 + 1e-9


@pytest.mark.parametrize("text", ["", "1:2", "00:60:00.000", "00:00:60", "0:0:0.x", "-1:00:00", "00:00:00.000\n", "a"])
def test_what_is_no_timestamp_has_no_seconds(text: str) -> None:
    assert pl.select(seconds_of(pl.lit(text))).item() is None


def test_datasets_loads_the_layout_of_hugging_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    write(in_batches(clips()), tmp_path / "clips", FORMATS["huggingface"])
    assert [path.name for path in (tmp_path / "clips" / "data").iterdir()] == ["train-00000-of-00001.parquet"]
    loaded = datasets.load_dataset(str(tmp_path / "clips"), split="train", cache_dir=str(tmp_path / "cache"))
    assert_frame_equal(pl.DataFrame(loaded.to_list(), schema=CONTENT), clips())
    assert loaded.features["long_captions"].feature.dtype == "string"


def test_webdataset_reads_the_shards(tmp_path: Path) -> None:
    import webdataset

    write(in_batches(clips()), tmp_path / "shards", FORMATS["webdataset"])
    shards = webdataset.WebDataset(str(tmp_path / "shards" / "000000.tar"), shardshuffle=False)
    samples = list(shards.decode().to_tuple("__key__", "json", "txt"))
    assert [key for key, _, _ in samples] == clips()["clip_id"].to_list()
    assert [told["caption"] for _, told, _ in samples] == [text for _, _, text in samples] == CAPTIONS


def test_a_writer_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "clips.jsonl"
    write([clips()], path, FORMATS["internvid"])
    before = path.read_bytes()

    def broken() -> Iterator[pl.DataFrame]:
        yield clips()
        raise UserError("the lake is gone")

    with pytest.raises(UserError, match="the lake is gone"):
        write(broken(), path, FORMATS["internvid"])
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["clips.jsonl"]


def test_a_folder_that_holds_something_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for name in ("huggingface", "internvid"):
        with pytest.raises(UserError, match="is not empty"):
            write([clips()], tmp_path, FORMATS[name])
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]
