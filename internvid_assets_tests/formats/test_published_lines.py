"""Lines as they were published, and odd ones between them: each is a row, or a row that says why it is no clip."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from internvid_assets.cells.errors import UserError
from internvid_assets.formats.catalogue import FORMATS, detected, read
from internvid_assets.formats.internvid import WANTED
from internvid_assets.formats.json_records import ONE_BY_ONE_LINES, json_records
from internvid_assets.formats.rows import ROW

GOOD = (
    '{"YoutubeID": "cw3GZ2mNBTo", "Start_timestamp": "00:01:37.133", "End_timestamp": "00:01:38.466", '
    '"Caption": "a person picking up toothbrushes from an open drawer", "Aesthetic_Score": 4.29296875, '
    '"UMT_Score": 0.4501953125}'
)


def internvid(**changed: Any) -> str:
    return json.dumps({**json.loads(GOOD), **changed}, ensure_ascii=False)


ODD_LINES = [
    (internvid(Caption=""), "no_caption"),
    (internvid(Caption="   "), "no_caption"),
    (internvid(Caption=None), "no_caption"),
    (internvid(YoutubeID=""), "names_no_video"),
    (internvid(YoutubeID=12), "wrong_type"),
    (internvid(UMT_Score="0.4"), "wrong_type"),
    (internvid(Start_timestamp="٠٠:٠١:٠٠.٠٠٠"), "times_not_understood"),
    (internvid(Caption=["a"]), "wrong_type"),
    (internvid(Start_timestamp="1m37s"), "times_not_understood"),
    (internvid(End_timestamp=None), "times_not_understood"),
    (internvid(End_timestamp="00:01:37.133"), "ends_before_it_starts"),
    ('{"YoutubeID": "a", "YoutubeID": "b"}', "repeated_key"),
    (GOOD[:80], "not_json"),
    (f"{GOOD} {GOOD}", "not_json"),
    (f"{GOOD},", "not_json"),
    ('["cw3GZ2mNBTo"]', "no_object"),
    ("null", "no_object"),
    ("[" * 100_000, "not_json"),
    (GOOD.replace("a person", "\\ud83d"), "not_utf8"),
    ("{}", "times_not_understood"),
]
FINE_LINES = [
    GOOD,
    internvid(Caption='猫が "走る", ñandú 🎈\n\t'),
    internvid(Aesthetic_Score=None, UMT_Score=1),
    internvid(Aesthetic_Score=float("nan")),
    internvid(Language="en", Category="Howto & Style", Other={"nested": [1, {"Caption": 2}]}),
    GOOD.replace("a person", "\\ud83d\\ude00"),
    GOOD.replace('"Aesthetic_Score": 4.29296875, ', ""),
]


def rows_of(path: Path, format: str) -> pl.DataFrame:
    found = pl.concat(read(path, FORMATS[format]))
    assert found.schema == pl.Schema(ROW)
    return found


def test_a_published_line_of_internvid(tmp_path: Path) -> None:
    path = tmp_path / "flt.jsonl"
    path.write_text(GOOD)
    assert detected(path).name == "internvid"
    row = rows_of(path, "internvid").row(0, named=True)
    assert {name: value for name, value in row.items() if value is not None} == {
        "line": 1,
        "position": 0,
        "video_id": "cw3GZ2mNBTo",
        "start_seconds": pytest.approx(97.133),
        "end_seconds": pytest.approx(98.466),
        "caption": "a person picking up toothbrushes from an open drawer",
        "aesthetic_score": 4.29296875,
        "umt_score": 0.4501953125,
    }


@pytest.mark.parametrize("packed", [False, True])
def test_every_line_is_accounted_for(packed: bool, tmp_path: Path) -> None:
    """Far more lines than are looked at one by one, blank ones among them, the last one cut off."""
    lines: list[tuple[str, str | None]] = [("", "blank"), *((line, None) for line in FINE_LINES), (" \t\r", "blank")]
    for odd in ODD_LINES:
        lines += [odd, *[(GOOD, None)] * ONE_BY_ONE_LINES]
    lines += [(GOOD[:-1], "not_json")]
    text = "\ufeff" + "\r\n".join(line for line, _ in lines)
    path = tmp_path / ("flt.jsonl.gz" if packed else "flt.jsonl")
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())

    found = rows_of(path, "internvid")
    expected = {number: reason for number, (_, reason) in enumerate(lines, start=1) if reason != "blank"}
    assert dict(found.select("line", "rejection_reason").iter_rows()) == expected
    texts = found.filter(pl.col("rejection_reason").is_not_null()).select("line", "line_text")
    assert dict(texts.iter_rows()) == {
        number: lines[number - 1][0].strip()[:2000] for number, reason in expected.items() if reason
    }
    captions = found.head(len(FINE_LINES))["caption"].to_list()
    assert captions[1] == '猫が "走る", ñandú 🎈\n\t' and captions[5].startswith("😀")
    assert found.head(len(FINE_LINES))["aesthetic_score"].null_count() == 3
    assert found.row(4, named=True)["category"] == "Howto & Style"


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "flt.jsonl"
    path.write_bytes(GOOD.encode() + b"\n" + GOOD.encode().replace(b"person", b"p\xff") + b"\n" + GOOD.encode())
    assert rows_of(path, "internvid")["rejection_reason"].to_list() == [None, "not_utf8", None]


SIGNS = st.sampled_from(
    ['{"Caption":', '"a"', "1", "}", "{", "[", "]", "\n", ",", '"YoutubeID":"x"', '"', "null", "\\"]
)


@settings(max_examples=150)
@given(st.lists(SIGNS, min_size=1, max_size=30).map("".join))
def test_the_fast_way_says_what_the_slow_way_says(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """One broken line makes everything around it be looked at one by one: alone, lines are what they are in company."""
    folder = tmp_path_factory.getbasetemp()
    path, beside = folder / "some.jsonl", folder / "beside.jsonl"
    lines = [line for line in text.split("\n") if line.strip()]
    path.write_text("{}\n" + text), beside.write_text("\n".join(["broken", "{}", *lines]))
    fast, slow = (
        [row for records in json_records([file], WANTED) for row in records.frame.drop("line").iter_rows()]
        for file in (path, beside)
    )
    assert fast == slow[1:]


def test_a_file_of_internvid_may_be_csv_or_parquet(tmp_path: Path) -> None:
    rows = pl.DataFrame([json.loads(GOOD)] * 3)
    rows.write_parquet(tmp_path / "flt.parquet")
    rows.with_columns(UMT_Score=pl.Series(["0.45", "", "high"])).write_csv(tmp_path / "flt.csv")
    for name in ("flt.parquet", "flt.csv"):
        assert detected(tmp_path / name).name == "internvid"
    assert rows_of(tmp_path / "flt.parquet", "internvid")["umt_score"].to_list() == [0.4501953125] * 3
    found = rows_of(tmp_path / "flt.csv", "internvid")
    assert found["umt_score"].to_list() == [0.45, None, None]
    assert found["rejection_reason"].to_list() == [None, None, "wrong_type"]


PANDA = [
    "videoID,url,timestamp,caption,matching_score",
    "--C66yU3LjM,https://www.youtube.com/watch?v=--C66yU3LjM,"
    "\"[['0:00:13.013', '0:00:17.017'], ['0:00:18.018', '0:00:20']]\","
    '"[\'A man, ""in"" a [suit].\', ""It\'s a dog, isn\'t it?""]","[0.4398, 0.5]"',
    "a,u,\"[['0:00:01.000', '0:00:02.000']]\",\"['one', 'two']\",\"[0.4, 0.5]\"",
    "b,u,not a list,\"['one']\",[0.4]",
    "",
    "c,u,\"[['0:00:01.000', '0:00:02.000']]\",\"['']\",[0.4]",
    "d,u,\"[['0:00:01.000', 'later']]\",\"['猫']\",[0.4]",
    "e,u,\"[['0:00:01.000', '0:00:02.000']]\",\"['one']\",\"['high']\"",
    "f,u,\"[['0:00:01.000', '0:00:02.000']]\",\"['one']\",[]",
    "g,u,\"__import__('os').getpid()\",\"['one']\",[0.4]",
    "h,u,\"[['0:00:01.000', '0:00:02.000']]\",\"['fine']\",[1]",
    "i,u,\"[['0:00:01.000', '0:00:02.0",
]


def test_lines_of_panda(tmp_path: Path) -> None:
    path = tmp_path / "panda70m.csv"
    path.write_text("\n".join(PANDA))
    assert detected(path).name == "panda70m"
    found = rows_of(path, "panda70m")
    assert found.select("line", "position", "video_id", "start_seconds", "end_seconds", "caption").rows()[:2] == [
        (2, 0, "--C66yU3LjM", 13.013, 17.017, 'A man, "in" a [suit].'),
        (2, 1, "--C66yU3LjM", 18.018, 20.0, "It's a dog, isn't it?"),
    ]
    assert found["matching_score"].to_list()[:2] == [0.4398, 0.5]
    assert found.select("line", "rejection_reason").rows()[2:] == [
        (3, "lists_of_unequal_length"),
        (4, "no_list"),
        (6, "no_caption"),
        (7, "times_not_understood"),
        (8, "wrong_type"),
        (9, "no_list"),
        (10, "no_list"),
        (11, None),
        (12, "open_quote"),
    ]
    assert found["line_text"].to_list()[2] == PANDA[2]


SHAREGPT = [
    {
        "video_id": "1b2c",
        "video_path": "panda/1b2c.mp4",
        "zip_folder": "panda_videos_1.zip",
        "captions": [{"idx": "-1", "content": "all"}, {"idx": "10", "content": "k10"}, {"idx": "2", "content": "k2"}],
    },
    {"video_id": "x", "video_path": "x.mp4", "zip_folder": "z", "captions": []},
    {"video_id": "x", "video_path": "x.mp4", "zip_folder": "z", "captions": [{"idx": 0, "content": "number"}]},
    {"video_id": "x", "video_path": "x.mp4", "zip_folder": "z", "captions": "none"},
]


@pytest.mark.parametrize("name", ["sharegpt4video_40k.jsonl", "sharegpt4video_40k.json"])
def test_records_of_sharegpt4video(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    as_lines = "\n".join(map(json.dumps, SHAREGPT))
    path.write_text(as_lines if name.endswith("l") else json.dumps(SHAREGPT))
    assert detected(path).name == "sharegpt4video"
    found = rows_of(path, "sharegpt4video")
    first = found.row(0, named=True)
    assert (first["long_captions"], first["keyframe_captions"]) == (["all"], ["k2", "k10"])
    assert (first["archive"], first["video_path"]) == ("panda_videos_1.zip", "panda/1b2c.mp4")
    assert found["rejection_reason"].to_list() == [None, "no_caption", "wrong_type", "wrong_type"]


def test_records_of_vild_lvdr_and_viclip(tmp_path: Path) -> None:
    published = {
        "vild": '{"short_captions": ["s", "t"], "long_captions": ["l"], "video_id": "v"}',
        "lvdr": '{"long_captions": ["true", "less", "least"], "video_id": "v"}',
        "viclip": '[{"video": "a/b.mp4", "caption": "c"}, {"video": "", "caption": "c"}, {"video": "d.mp4"',
    }
    found = {}
    for name, text in published.items():
        path = tmp_path / f"{name}.json"
        path.write_text(text)
        assert detected(path).name == name
        found[name] = rows_of(path, name)
    vild, lvdr = found["vild"].row(0, named=True), found["lvdr"].row(0, named=True)
    assert (vild["caption"], vild["more_captions"], vild["long_captions"]) == ("s", ["t"], ["l"])
    assert lvdr["long_captions"] == ["true", "less", "least"] and lvdr["rejection_reason"] is None
    assert found["viclip"]["video_path"].to_list() == ["a/b.mp4", "", None]
    assert found["viclip"]["rejection_reason"].to_list() == [None, "names_no_video", "not_json"]


def test_a_folder_of_files_is_one_dataset_numbered_through(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(f"{GOOD}\n{GOOD}\n")
    (tmp_path / "b.jsonl").write_text(f"\n{GOOD}\nbroken")
    found = rows_of(tmp_path, "internvid")
    assert found["line"].to_list() == [1, 2, 4, 5]
    assert found["line_text"].to_list() == [None, None, None, "broken"]


def test_a_tar_that_is_cut_off_says_so(tmp_path: Path) -> None:
    path = tmp_path / "000000.tar"
    told = [b'{"caption": "a", "clip_id": "c"}', b'{"caption": 1, "clip_id": "c"}', b"[]", b'{"caption": "z"}']
    with tarfile.open(path, "w") as shard:
        for number, content in enumerate(told):
            entry = tarfile.TarInfo(f"{number}.json")
            entry.size = len(content)
            shard.addfile(entry, io.BytesIO(content))
    path.write_bytes(path.read_bytes()[: 3 * 1024 + 512 + 7])
    found = rows_of(path, "webdataset")
    assert found["rejection_reason"].to_list() == [None, "wrong_type", "no_object", "truncated"]


def test_an_unknown_file_is_told_with_its_keys(tmp_path: Path) -> None:
    for name, text, told in [
        ("a.jsonl", '{"foo": 1}', "foo"),
        ("b.csv", "foo,bar\n1,2\n", "foo, bar"),
        ("c.jsonl", "", "no readable keys"),
        ("d.mp4", "", "expected a file"),
    ]:
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(UserError, match=told):
            detected(path)
    (tmp_path / "broken.parquet").write_text("PAR1")
    with pytest.raises(UserError, match="cannot be read"):
        rows_of(tmp_path / "broken.parquet", "huggingface")


@pytest.mark.parametrize("array", [False, True])
def test_a_byte_order_mark_is_no_part_of_the_first_record(array: bool, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(f"[{GOOD}]" if array else GOOD, encoding="utf-8-sig")
    (rows,) = read(path, detected(path))
    assert rows["video_id"].to_list() == ["cw3GZ2mNBTo"]
    assert rows["rejection_reason"].to_list() == [None]


BROKEN_FILES = {
    "no.jsonl.gz": GOOD.encode(),
    "torn.jsonl.gz": gzip.compress(b"")[:10] + b"\xff" * 50,
    "cut.jsonl.gz": gzip.compress(GOOD.encode())[:-20],
    "no.parquet": b"PAR1 is no more than a beginning PAR1",
}


@pytest.mark.parametrize("name", BROKEN_FILES)
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(BROKEN_FILES[name])
    with pytest.raises(UserError, match=rf"{name} cannot be read: "):
        detected(path)
    with pytest.raises(UserError, match=rf"{name} cannot be read: "):
        list(read(path, FORMATS["internvid"]))


def test_a_column_of_another_type_is_told_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({**json.loads(GOOD), "Caption": [["a", "b"]]}).write_parquet(path)
    with pytest.raises(UserError, match=r"x\.parquet: a column has another type"):
        list(read(path, detected(path)))


def test_a_folder_whose_first_file_is_empty_is_known_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    (tmp_path / "b.jsonl").write_text(GOOD)
    assert detected(tmp_path) is FORMATS["internvid"]


def test_a_text_in_the_place_of_a_list_is_not_the_list_of_its_letters(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    lines = [("ab", "wrong_type"), ([None], "no_caption"), (["ab", None], None)]
    records = [{"short_captions": [], "long_captions": captions, "video_id": "v"} for captions, _ in lines]
    path.write_text("\n".join(map(json.dumps, records)))
    rows = pl.concat(read(path, FORMATS["vild"]))
    assert rows["rejection_reason"].to_list() == [reason for _, reason in lines]
    assert rows["long_captions"].to_list()[1:] == [[], ["ab"]]


def test_times_that_are_no_numbers_are_no_times(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    ends = [1.0, float("nan"), float("inf"), None]
    pl.DataFrame({"video_id": "v", "caption": "a ball", "start_seconds": 0.0, "end_seconds": ends}).write_parquet(path)
    (rows,) = read(path, FORMATS["huggingface"])
    reasons = [None, "times_not_understood", "times_not_understood", None]  # a file of its own has no times
    assert rows["rejection_reason"].to_list() == reasons
