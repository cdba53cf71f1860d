"""internvid export-interleaved: the sequences of a finished home, as every kind of file and for training."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import polars as pl
import pytest
from console import run_here

from internvid_assets.cells.lake import file_name
from internvid_assets.tables import INTERLEAVED_FORMATS

pytestmark = pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")


def table(home: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(home / file_name("internvid_icl", name))


def test_every_format_is_made_and_written(finished: Path, internvid, tmp_path: Path):
    to = tmp_path / "icl"
    done = internvid("export-interleaved", "--to", to)
    heights = {name: table(finished, name).height for name in INTERLEAVED_FORMATS}
    told = [f"{to}/internvid_icl_{name}.jsonl: {height} sequences\n" for name, height in heights.items()]
    assert (done.exit_code, done.stdout) == (0, "".join(told)), done.stderr
    assert min(heights.values()) > 0
    lines = (to / "internvid_icl_captioned_with_speech.jsonl").read_text(encoding="utf-8").splitlines()
    kinds = {item["kind"] for line in lines for item in json.loads(line)["items"]}
    assert kinds == {"clip", "caption", "speech"}


def test_pictures_come_along_where_the_format_has_room(internvid, tmp_path: Path):
    arguments = ("export-interleaved", "--icl-format", "paired", "--limit", 1, "--to", tmp_path, "--format")
    assert internvid(*arguments, "webdataset").stdout == f"{tmp_path}/internvid_icl_paired: 1 sequences\n"
    with tarfile.open(tmp_path / "internvid_icl_paired/000000.tar") as tar:
        first, *pictures = tar.getnames()
        record = json.load(tar.extractfile(first))
    assert len(pictures) == record["image_count"] > 0 and len(set(record["video_ids"])) == 2
    assert internvid(*arguments, "html").exit_code == 0
    assert "data:image/jpeg" in (tmp_path / "internvid_icl_paired.html").read_text(encoding="utf-8")
    assert internvid(*arguments, "parquet").exit_code == 0
    assert pl.read_parquet(tmp_path / "internvid_icl_paired.parquet").height == 1


def test_the_home_can_be_trained_on(finished: Path):
    from internvid_assets.interleaved.reading import Sequences

    sequences = list(Sequences(finished, "captioned", seed=3))
    expected = table(finished, "captioned")
    assert {each["sequence_id"] for each in sequences} == set(expected["sequence_id"])
    frames = [item["frames"] for item in sequences[0]["items"] if item["kind"] == "clip"]
    assert all(each.shape[:2] == (4, 3) for each in frames)


def test_other_settings_make_other_sequences(home: Path):
    wanted = ("paired.pairing=embedding", "captioned.drop_probability=0", "captioned.max_tokens=16")
    options = [word for one in wanted for word in ("--set", f"interleaved.{one}")]
    done = run_here("materialize", "key:internvid_icl or key:related_videos", *options, home=home)
    assert done.exit_code == 0, done.stderr
    related = pl.read_parquet(home / file_name("related_videos", None))
    nearest = dict(related.filter(rank=1).select("video_id", "other_video_id").iter_rows())
    for one, other in table(home, "paired")["video_ids"]:
        assert other in related.filter(video_id=one)["other_video_id"] and (nearest[one] != one)
    captioned = table(home, "captioned")
    assert captioned["token_count"].max() <= 16 and captioned["place"].max() > 0


REFUSED = [
    (("materialize", "--set", "interleaved.captioned.drop_probability=2"), "setting interleaved.captioned.drop_proba"),
    (("materialize", "--set", "interleaved.paired.pairing=taste"), "'random', 'query' or 'embedding'"),
    (("materialize", "--set", "interleaved.paired.subset=best"), "interleaved.<format>.subset = 'best': no such file"),
    (("materialize", "--set", "interleaved.paired.language=english"), "unknown setting interleaved.paired.language"),
    (("export-interleaved", "--to", "out", "--icl-format", "pairs"), "--icl-format pairs: expected one of captioned, "),
    (("export-interleaved", "--to", "out"), "internvid_icl has no format yet; run: internvid materialize"),
    (("export-interleaved", "--to", "/dev/null/out"), "--to /dev/null/out cannot be created"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_what_makes_no_sense_is_refused_on_one_line(empty: Path, tmp_path: Path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    refused = run_here(*arguments, home=empty)
    assert refused.exit_code == 1 and message in refused.stderr and len(refused.stderr.splitlines()) == 1
