"""Id lists of public datasets in the formats they were released in, in small."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.parameters import KnownFile
from internvid_assets.queries.known import known_datasets, list_known

URL = "https://www.youtube.com/watch?v="
FILES = {
    "kinetics.csv": "label,youtube_id,time_start,time_end,split,is_cc\nabseiling,-3B32lodo2M,59,69,train,0\n",
    "kinetics.json": json.dumps({"-3B32lodo2M": {"annotations": {"label": "abseiling"}, "url": URL + "-3B32lodo2M"}}),
    "HowTo100M_v1.csv": "video_id,category_1,category_2,rank,task_id\n-3B32lodo2M,Food,Recipes,108,8877\n",
    "panda70m.csv": "videoID,url,timestamp,caption,matching_score\n"
    f'-3B32lodo2M,{URL}-3B32lodo2M,"[[\'0:00:05\', \'0:00:08\']]","[\'a ""red"" ball\']",[0.4]\n',
    "InternVid-10M-flt.jsonl": '{"YoutubeID": "-3B32lodo2M", "Start_timestamp": "00:00:01.000", "Caption": "a"}\n',
    "activity_net.v1-3.json": json.dumps(
        {"database": {"-3B32lodo2M": {"subset": "training", "url": URL + "-3B32lodo2M"}}, "taxonomy": [{"nodeId": 1}]}
    ),
    "activitynet_captions.json": json.dumps({"v_-3B32lodo2M": {"duration": 82.7, "timestamps": [[0, 9]]}}),
    "youcookii.json": json.dumps({"database": {"-3B32lodo2M": {"recipe_type": "113", "annotations": []}}}),
    "msr_vtt.json": json.dumps(
        {"info": {}, "videos": [{"video_id": "video0", "url": URL + "-3B32lodo2M&t=3", "id": 0}], "sentences": []}
    ),
    "vatex.json": json.dumps([{"videoID": "-3B32lodo2M_000122_000132", "enCap": ["a"]}]),
    "qvhighlights.jsonl": '{"qid": 9769, "vid": "-3B32lodo2M_210.0_360.0"}\n',
    "audioset.csv": "# Segments csv created Sun Mar  5 10:54:31 2017\n# num_ytids=1\n"
    '# YTID, start_seconds, end_seconds, positive_labels\n-3B32lodo2M, 30.000, 40.000, "/m/09x0r,/t/dd00088"\n',
    "vggsound.csv": '-3B32lodo2M,1,"people marching, outdoors",test\n',
    "ids.txt": "# one a line\n-3B32lodo2M\n",
    "urls.txt": "https://youtu.be/-3B32lodo2M?t=4\n",
    "live.txt": "www.youtube.com/live/-3B32lodo2M?feature=share\n",
    "embedded.csv": "url\nhttps://www.youtube-nocookie.com/embed/-3B32lodo2M\n",
    "shorts.tsv": "url\ttitle\nhttps://www.youtube.com/shorts/-3B32lodo2M\tx\n",
}


def listed(path: Path, text: str, **entry: str) -> pl.DataFrame:
    path.write_text(text)
    found = list_known([KnownFile(path=path, dataset="some", **entry)])
    tables.KnownVideos.validate(found)
    return found


@pytest.mark.parametrize("name", FILES)
def test_each_released_form_is_read(name: str, tmp_path: Path) -> None:
    found = listed(tmp_path / name, FILES[name])
    assert found.select("video_id", "rejection_reason").rows() == [("-3B32lodo2M", None)]


def test_a_stray_quote_hides_no_video(tmp_path: Path) -> None:
    text = 'youtube_id,label\n-3B32lodo2M,a\n-3B32lodo2N,"b\n-3B32lodo2O,c\n-3B32lodo2P,d\n'
    found = listed(tmp_path / "known.csv", text)
    assert set(found.filter(pl.col("rejection_reason").is_null())["video_id"]) == {f"-3B32lodo2{x}" for x in "MOP"}
    assert found.drop_nulls("rejection_reason").select("rejection_reason", "line").rows() == [("open_quote", 3)]


def test_ids_of_other_sites_are_ids_too(tmp_path: Path) -> None:
    text = "videoid,contentUrl,duration,page_dir,name\n21179416,https://ak.picdn.net/a.mp4,PT00H00M11S,006001,Aerial\n"
    assert listed(tmp_path / "webvid.csv", text)["video_id"].to_list() == ["21179416"]


def test_a_released_parquet(tmp_path: Path) -> None:
    pl.DataFrame({"YoutubeID": ["-3B32lodo2M", "-3B32lodo2M"]}).write_parquet(tmp_path / "x.parquet")
    found = list_known([KnownFile(path=tmp_path / "x.parquet", dataset="some")])
    assert found.select("video_id", "mentions", "line").rows() == [("-3B32lodo2M", 2, 1)]


def test_a_line_that_names_no_video_is_a_row_with_its_reason(tmp_path: Path) -> None:
    text = '{"id": "-3B32lodo2M"}\n{"id": \n{"title": "x"}\n{"id": "a/b"}\n{"id": "a/b"}\n'
    found = listed(tmp_path / "x.jsonl", text).filter(pl.col("rejection_reason").is_not_null())
    assert found.select("video_id", "rejection_reason", "line", "mentions").rows() == [
        ("a/b", "not_an_id", 4, 2),
        ('{"id":', "not_json", 2, 1),
        ('{"title": "x"}', "no_id", 3, 1),
    ]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "other.csv",
            "foo,bar\n1,2\n",
            r"other\.csv identifies no video; expected one id per line, a column youtube_id",
        ),
        ("empty.txt", "", r"empty\.txt identifies no video"),
        ("broken.json", "[", r"broken\.json is not JSON"),
    ],
)
def test_a_file_without_videos_is_refused(name: str, text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=told):
        listed(tmp_path / name, text)
    with pytest.raises(UserError, match=r"absent\.csv does not exist"):
        list_known([KnownFile(path=tmp_path / "absent.csv", dataset="some")])


def test_purposes_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("aaaaaaaaaaa\nbbbbbbbbbbb\n")
    (tmp_path / "test.txt").write_text("bbbbbbbbbbb\nccccccccccc\n")
    files = [
        KnownFile(path=tmp_path / "train.txt", dataset="k700"),
        KnownFile(path=tmp_path / "train.txt", dataset="k400"),
        KnownFile(path=tmp_path / "test.txt", dataset="k700", purpose="benchmark"),
    ]
    known = list_known(files).lazy()
    assert known.collect().height == 6
    excluded = sorted(known_datasets(known, "exclude").collect().rows())
    assert excluded == [("aaaaaaaaaaa", "k400"), ("bbbbbbbbbbb", "k400")]
    assert sorted(known_datasets(known, "benchmark").collect()["video_id"]) == ["bbbbbbbbbbb", "ccccccccccc"]


def test_paths_are_relative_to_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "ids.txt").write_text("aaaaaaaaaaa\n")
    (tmp_path / "internvid.toml").touch()
    monkeypatch.setenv("INTERNVID_SETTINGS", str(tmp_path / "internvid.toml"))
    assert list_known([KnownFile(path=Path("lists/ids.txt"), dataset="some")])["file"].to_list() == ["lists/ids.txt"]
