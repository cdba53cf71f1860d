"""Benchmarks compare like with like: both sides come to the same, on loads too small to time."""

import json
from pathlib import Path

from benchmarks import choosing, fill, growth, importing, scale, verbs
from benchmarks.comparison import compare
from benchmarks.made_lake import make_lake
from internvid_assets import tables
from internvid_assets.formats import internvid


def test_verbs_are_the_same_on_both_sides():
    everyday, of_clips = verbs.everyday(200), verbs.of_sample_clips(200)
    assert len(set(everyday)) == 200
    for captions, ours in ((everyday, verbs.in_batches), (of_clips, verbs.remembered)):
        told = verbs.agreement(ours(captions), verbs.one_by_one(captions))
        assert told == "the same verbs in 200 of 200 captions"


def test_tables_have_all_rows_however_answers_come(tmp_path: Path):
    tables.PER_CATEGORY |= {"captions": fill.Captions, "lengths": fill.Lengths}
    try:
        rows = fill.captions(500, tmp_path / "captions.parquet")
        filled = [fill.filled(rows), fill.filled(rows, fill.one_by_one)]
        assert [*filled, fill.inserted(rows), fill.mapped(rows)] == [500] * 4
    finally:
        del tables.PER_CATEGORY["captions"], tables.PER_CATEGORY["lengths"]


def test_annotations_are_imported_by_each_side(tmp_path: Path):
    file = tmp_path / "flt.jsonl"
    internvid.write(importing.annotations(500), file)
    rows = importing.imported(file, tmp_path), importing.by_pandas(file, tmp_path), importing.by_json(file, tmp_path)
    assert rows == (500, 500, 500)


def test_every_question_is_answered_by_a_made_lake(tmp_path: Path):
    home = make_lake(tmp_path, 2_000)
    asked = dict(scale.questions(home))
    for ask in asked.values():
        ask()
    assert len(asked) == len(scale.FIGURES) + 8
    words = scale.figure(home, "captions_by_length")["captions"].sum()
    assert words == scale.by_pandas(home).sum() == home.lake.scan_all("captioned_clips").collect().height
    chosen = {subset: home.lake.version(subset) for subset in ("internvid_10m_flt", "internvid_aesthetics_18m")}
    assert all(version and 0 < version.rows < words for version in chosen.values())
    assert {subset: [*scale.choice(home, subset).values()][-1] for subset in chosen} == {
        subset: version and version.rows for subset, version in chosen.items()
    }


def test_aesthetics_are_the_same_clips_on_both_sides(tmp_path: Path):
    home = make_lake(tmp_path / "home", 2_000)
    scale.withhold(home)
    rows = choosing.loaded(home, tmp_path / "cache")
    told = choosing.agreement(choosing.chosen(home), choosing.by_datasets(home, rows, tmp_path / "best.parquet"))
    assert told.startswith("the same ") and not told.startswith("the same 0 ")


def test_growth_is_drawn_from_what_was_measured(tmp_path: Path, monkeypatch, capsys):
    results = []
    for clips in (1_000, 3_000):
        results.append(tmp_path / f"{clips}.json")
        monkeypatch.setattr("sys.argv", ["scale", str(clips), str(tmp_path / f"{clips}"), "--to", str(results[-1])])
        scale.main()
        assert "all 10 figures" in capsys.readouterr().out
    picture = tmp_path / "growth.png"
    monkeypatch.setattr("sys.argv", ["growth", *map(str, results), "--to", str(picture)])
    growth.main()
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert all(growth.seconds_of(json.loads(results[0].read_text()), begins) > 0 for begins in growth.LINES.values())


def test_a_comparison_tells_how_many_a_second():
    ticks = iter(range(100))
    row = compare(
        "name",
        load="load",
        peer="peer",
        ours=lambda: next(ticks),
        theirs=lambda: [next(ticks), next(ticks), next(ticks)],
        agreement=lambda ours, theirs: "agreed",
        repetitions=2,
        count=8,
        clock=lambda: next(ticks),
    )
    assert (row.ours_seconds, row.peer_seconds, row.ratio) == (2, 4, 2)
    assert (row.ours_per_second, row.peer_per_second) == (4, 2)
