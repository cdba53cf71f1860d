"""internvid export and import on a finished home: what goes out comes in again, and bad requests are told in a line."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import av
import polars as pl
import pytest
from console import Run, run_here

from internvid_assets.formats.catalogue import FORMATS

pytestmark = pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")

SUBSET = "internvid_10m_div"
TO = {
    "internvid": "x.jsonl",
    "panda70m": "x.csv",
    "sharegpt4video": "x.json",
    "vild": "x.jsonl",
    "viclip": "x.json",
    "webdataset": "shards",
    "huggingface": "layout",
    "lance": "x.lance",
}
EXPECTED = f"""
    select clips.*, chosen.caption, aesthetic_score, umt_score, [dense.caption] as long_captions, keyframe_captions
    from {SUBSET} as chosen
    join (select clip_id, video_id, start_seconds, end_seconds from clips) as clips using (clip_id)
    join dense_captions as dense using (clip_id)
    join (
        select clip_id, list(caption order by keyframe) as keyframe_captions from keyframe_captions group by all
    ) using (clip_id)
    order by clips.video_id, clips.start_seconds
"""


def asked(internvid: Run, query: str, **more: Path) -> pl.DataFrame:
    done = internvid("sql", query, "--format", "json", **more)
    assert done.exit_code == 0, done.stderr
    return pl.DataFrame(json.loads(done.stdout), infer_schema_length=None)


@pytest.fixture(scope="module")
def expected(finished: Path) -> pl.DataFrame:
    return asked(run_here, EXPECTED, home=finished)


@pytest.mark.parametrize("name", TO)
def test_a_subset_goes_out_and_comes_in_again(name: str, home: Path, expected: pl.DataFrame, tmp_path: Path) -> None:
    form, to = FORMATS[name], tmp_path / TO[name]
    extra = ("--pictures", "none") if name == "webdataset" else ()
    done = run_here("export", SUBSET, "--format", name, "--to", to, *extra, home=home)
    assert (done.exit_code, done.stdout) == (0, f"{to}: {expected.height} clips of {SUBSET} ({name})\n"), done.stderr

    done = run_here("import", to, "--dataset", "ours", home=home)
    assert done.exit_code == 0, done.stderr
    assert f"{expected.height} clips of the dataset ours\n" in done.stdout
    found = asked(run_here, "select * from imported_clips order by line, position", home=home)
    is_file = form.one_is == "file"
    columns = {
        "video_id": expected["clip_id" if is_file else "video_id"].to_list(),
        "video_path": [f"{clip}.mp4" for clip in expected["clip_id"]] if is_file else [None] * expected.height,
        "caption": expected["caption"].to_list(),
        "long_captions": expected["long_captions"].to_list(),
        "keyframe_captions": expected["keyframe_captions"].to_list(),
        "clip_id": expected["clip_id"].to_list(),
        "umt_score": expected["umt_score"].to_list(),
        "aesthetic_score": expected["aesthetic_score"].to_list(),
    }
    for column in columns.keys() & set(form.holds):
        assert found[column].to_list() == columns[column], column
    if "start_seconds" in form.holds:
        assert (found["start_seconds"] - expected["start_seconds"]).abs().max() <= 0.0005 + 1e-9
        assert (found["end_seconds"] - expected["end_seconds"]).abs().max() <= 0.0005 + 1e-9


@pytest.mark.parametrize(("pictures", "ending"), [("clips", "mp4"), ("frames", "0.jpg")])
def test_a_webdataset_has_pictures_beside_the_text(internvid, pictures: str, ending: str, tmp_path: Path) -> None:
    to = tmp_path / "shards"
    done = internvid("export", SUBSET, "--format", "webdataset", "--to", to, "--pictures", pictures)
    assert done.exit_code == 0, done.stderr
    with tarfile.open(to / "000000.tar") as shard:
        members = {name: shard.extractfile(name).read() for name in shard.getnames()}
    samples = {name.split(".")[0]: json.loads(told) for name, told in members.items() if name.endswith(".json")}
    assert samples
    for key, told in samples.items():
        assert (told["clip_id"], members[f"{key}.txt"].decode()) == (key, told["caption"])
        with av.open(io.BytesIO(members[f"{key}.{ending}"])) as picture:
            frames = sum(1 for _ in picture.decode(video=0))
        assert frames == 1 if pictures == "frames" else frames > 10


def test_clips_that_cannot_be_made_are_told_and_left_out(internvid, tmp_path: Path) -> None:
    to = tmp_path / "shards"
    arguments = ("export", SUBSET, "--format", "webdataset", "--to", to)
    refused = internvid(*arguments, INTERNVID_VIDEOS__MAX_PIXELS="1000")
    assert refused.exit_code == 1
    assert "too_many_pixels" in refused.stderr
    assert refused.stdout.startswith(f"{to}: 0 clips of {SUBSET}")


def test_an_imported_dataset_goes_out_in_another_format(home: Path, tmp_path: Path) -> None:
    csv = tmp_path / "panda.csv"
    spans = "[['0:00:01.000', '0:00:02.000'], ['0:00:02.000', '0:00:03.500']]"
    csv.write_text(f'videoID,timestamp,caption,matching_score\nv,"{spans}","[\'a\', \'b\']","[0.5, 0.25]"\nw,,,\n')
    done = run_here("import", csv, home=home)
    assert done.exit_code == 0, done.stderr
    assert "(panda70m): 2 clips of the dataset panda; rejected lines: 1 no_list\n" in done.stdout
    done = run_here("export", "panda", "--format", "internvid", "--to", tmp_path / "x.jsonl", home=home)
    assert done.exit_code == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert [(line["YoutubeID"], line["End_timestamp"], line["Caption"]) for line in lines] == [
        ("v", "00:00:02.000", "a"),
        ("v", "00:00:03.500", "b"),
    ]


def test_a_file_without_any_clip_replaces_nothing(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_text('{"short_captions": ["a"], "long_captions": ["b"], "video_id": "v"}\n')
    assert run_here("import", path, home=home).exit_code == 0
    path.write_text('{"short_captions": 1, "long_captions": [], "video_id": "v"}\nnothing\n')
    refused = run_here("import", path, "--format", "vild", home=home)
    told = f"internvid: {path} has no clips in the format vild, only rejected lines: 1 not_json, 1 wrong_type"
    assert (refused.exit_code, refused.stderr) == (1, f"{told}; the dataset kept is unchanged\n")
    asked = run_here("sql", "select caption from imported_clips where dataset = 'kept'", "--format", "csv", home=home)
    assert asked.stdout == "caption\na\n"


BAD = [
    (
        ("export", "nothing", "--format", "internvid", "--to", "x"),
        "nothing: no subset or imported dataset of that name; there are:",
    ),
    (("export", SUBSET, "--format", "koala", "--to", "x"), "no format koala; expected one of: internvid, panda70m"),
    (("export", SUBSET, "--format", "lvdr", "--to", "x"), "expected several captions per clip"),
    (("export", SUBSET, "--format", "lance", "--to", "x"), "expected a name that ends in .lance"),
    (("export", SUBSET, "--format", "vild", "--to", "x", "--pictures", "frames"), "vild holds text only"),
    (("export", SUBSET, "--format", "internvid", "--to", "/proc/x"), "cannot be written"),
    (("import", "nowhere.jsonl"), "no such file or folder; nothing was imported"),
    (("import", __file__), "expected a file, or a folder of files, named"),
]


@pytest.mark.parametrize(("arguments", "told"), BAD)
def test_a_bad_request_is_told_in_one_line(internvid, arguments, told: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    refused = internvid(*arguments)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert told in refused.stderr and refused.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_subset_that_was_never_made_is_told(empty: Path, tmp_path: Path) -> None:
    refused = run_here("export", SUBSET, "--format", "internvid", "--to", tmp_path / "x.jsonl", home=empty)
    assert refused.exit_code == 1
    assert refused.stderr == f"internvid: {SUBSET} has not been made yet; run: internvid materialize +key:{SUBSET}\n"


def test_a_dataset_cannot_have_a_subsets_name(home: Path, tmp_path: Path) -> None:
    file = tmp_path / f"{SUBSET}.jsonl"
    file.write_text("{}")
    refused = run_here("import", file, home=home)
    assert refused.exit_code == 1 and "a subset has that name" in refused.stderr
