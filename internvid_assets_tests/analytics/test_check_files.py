"""Every check passes on a good lake, and finds the row that breaks its promise."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from internvid_assets.selects.files import column_types, schema_class, sql_file, sql_files
from internvid_assets.selects.running import run_select

Rows = dict[str, list[dict]]
Break = Callable[[Rows], object]


def _first(table: str, **columns: object) -> Break:
    return lambda rows: rows[table][0].update(columns)


def _second(table: str, **columns: object) -> Break:
    return lambda rows: rows[table][1].update(columns)


def _without_last(table: str) -> Break:
    return lambda rows: rows[table].pop()


def _item(place: int, **fields: object) -> Break:
    """Changes an item of the first sequence: clip, caption, clip, caption of one video."""
    return lambda rows: rows["internvid_icl"][0]["items"][place].update(fields)


def _swapped(one: int, other: int) -> Break:
    def swap(rows: Rows) -> None:
        items = rows["internvid_icl"][0]["items"]
        items[one], items[other] = items[other], items[one]

    return swap


BREAKS: dict[str, list[tuple[Break, int]]] = {
    "internvid_icl__in_order": [
        (_swapped(0, 2), 1),
        (_swapped(0, 1), 1),
        (lambda rows: rows["internvid_icl"][0]["items"].append(rows["internvid_icl"][0]["items"][-1]), 1),
        (_second("internvid_icl", video_ids=["v2", "v1"]), 1),
    ],
    "internvid_icl__texts_are_not_empty": [
        (_item(1, text=" "), 1),
        (_item(1, text=None), 1),
        (_item(2, frame_hashes=[]), 1),
    ],
    "internvid_icl__counts_are_those_of_items": [
        (_first("internvid_icl", clip_count=3), 1),
        (_item(0, frame_hashes=["one"]), 1),
    ],
    "internvid_icl__of_its_videos": [
        (_first("internvid_icl", video_ids=["v1", "v1"]), 1),
        (_first("internvid_icl", video_ids=["v2"]), 1),
        (_second("internvid_icl", video_ids=["v1"]), 1),
        (_item(0, video_id="v2"), 1),
    ],
    "internvid_icl__within_budget": [
        (_first("internvid_icl", max_tokens=29), 1),
        (_second("internvid_icl", max_images=11), 1),
    ],
    "near_duplicates__of_clips_that_are": [
        (_without_last("clip_embeddings"), 1),
        (_first("clip_embeddings", error="out_of_memory"), 1),
    ],
    "duplicate_groups__one_stands_for_itself": [
        (_first("duplicate_groups", representative_clip_id="v2_0_8"), 2),
        (_second("duplicate_groups", representative_clip_id="v1_4_10"), 1),
        (lambda rows: rows["near_duplicates"].clear(), 1),
    ],
    "known_videos__every_line_names_a_video": [(_first("known_videos", rejection_reason="no_id"), 1)],
    "action_queries__every_line_is_a_query": [
        (_first("action_queries", query=None, rejection_reason="no_words"), 1),
        (_first("action_queries", query=None, rejection_reason="heading"), 0),
    ],
    "action_queries__in_one_spelling": [
        (_first("action_queries", query=query), 1) for query in ("Play", " play", "play  chess", "", None)
    ],
    "query_translations__one_per_missing_language": [
        (_without_last("query_translations"), 1),
        (_first("action_queries", missing_languages=["de", "fr"]), 1),
    ],
    "videos__judged": [(_without_last("videos"), 1)],
    "videos__eligible_are_measured": [
        (_first("videos", duration_seconds=None), 1),
        (_second("videos", height_pixels=0), 1),
        (_second("videos", content_hash=None), 1),
    ],
    "clips__end_after_start": [
        (_first("clips", end_pts=0), 1),
        (_first("clips", end_seconds=None), 1),
        (_first("clips", duration_seconds=4.1), 1),
    ],
    "clips__within_video_duration": [(_first("videos", duration_seconds=9.8), 1)],
    "clips__do_not_overlap": [(_second("clips", start_pts=3999), 1)],
    "clips__leave_no_gap": [
        (_second("clips", start_pts=4001), 1),
        (_first("clips", start_seconds=0.04), 1),
    ],
    "clips__every_eligible_video_has_one": [
        (lambda rows: rows["videos"].append(rows["videos"][0] | {"video_id": "lost"}), 1)
    ],
    "clip_frames__within_clip": [
        (_first("clip_frames", pts=4000), 1),
        (_first("clip_frames", pts=-1), 1),
    ],
    "clip_frames__one_center_per_kept_clip": [
        (lambda rows: _each(rows["clip_frames"], is_center=False), 3),
        (lambda rows: _each(rows["clip_frames"], is_center=True), 3),
        (lambda rows: rows["clip_frames"].clear(), 3),
    ],
    "clip_frames__four_uniform_frames": [(lambda rows: _each(rows["clip_frames"], uniform_4=2), 3)],
    "subtitle_cues__in_order": [(_second("subtitle_cues", start_seconds=0.5), 1)],
    "speech_cues__in_order": [(_second("speech_cues", start_seconds=0.5), 1)],
    **{
        f"{table}__words_inside": [
            (_first(table, start_seconds=3.0), 1),
            (_first(table, end_seconds=0.5), 1),
            (_first(table, word_starts_seconds=[2.0]), 1),
            (_first(table, text="something else"), 1),
        ]
        for table in ("subtitle_cues", "speech_cues")
    },
    "transcripts__one_per_kept_clip": [(_without_last("transcripts"), 1)],
    "transcripts__text_has_an_origin": [
        (_first("transcripts", origin=None), 1),
        (_second("transcripts", language="en"), 1),
        (lambda rows: rows["transcripts"][2].update(text_english=None), 1),
    ],
    "keyframes__every_kept_clip_has_one": [(lambda rows: rows["keyframes"].clear(), 3)],
    "keyframes__in_order": [
        (_second("keyframes", pts=500), 1),
        (_second("keyframes", keyframe=2), 1),
    ],
    "keyframe_captions__one_per_keyframe": [
        (_without_last("keyframe_captions"), 1),
        (lambda rows: rows["keyframe_captions"].clear(), 0),
        (_without_last("keyframes"), 0),
    ],
    "dense_captions__one_per_captioned_clip": [(_without_last("dense_captions"), 1)],
    "semantic_pool__left_out_for_one_that_is_in": [
        (_second("semantic_pool", is_kept=False), 1),
        (lambda rows: rows["semantic_pool"][2].update(nearest_clip_id=None), 1),
    ],
    "center_captions__one_per_kept_clip": [
        (_without_last("center_captions"), 1),
        (_first("clips", rejection_reason="still"), 1),
        (_first("center_captions", clip_id="of another day"), 2),
    ],
    "frame_captions__one_per_second": [
        (_without_last("frame_captions"), 1),
        (_first("clips", rejection_reason="still"), 4),
        (_first("frame_captions", second=17), 2),
    ],
    "fused_captions__one_per_kept_clip": [
        (_without_last("fused_captions"), 1),
        (_first("clips", rejection_reason="still"), 1),
        (lambda rows: [rows["fused_captions"].pop(), rows["center_captions"].pop()], 1),
        (lambda rows: [rows[table].clear() for table in ("center_captions", "frame_captions")], 3),
    ],
    "fused_captions__no_spikes": [
        (lambda rows: _many_captions(rows, same=101, of=1000), 1),
        (lambda rows: _many_captions(rows, same=100, of=1000), 0),
    ],
    "center_captions__no_spikes": [
        (lambda rows: _many_captions(rows, "center_captions", same=101, of=1000), 1),
        (lambda rows: _many_captions(rows, "center_captions", same=100, of=1000), 0),
        (lambda rows: _many_captions(rows, "center_captions", same=999, of=999), 0),
    ],
    "frame_captions__no_spikes": [(lambda rows: _many_captions(rows, "frame_captions", same=101, of=1000), 1)],
    "fused_captions__not_all_the_same": [(lambda rows: _many_captions(rows, same=11), 1)],
    "fused_captions__read_like_captions": [
        (_first("fused_captions", caption=caption), 1)
        for caption in (" ", "a </s> ball", "[PAD] a ball", "a ball ball ball ball", "ball \ufffd", "very long " * 61)
    ],
    "clip_embeddings__unit_length": [
        (_first("clip_embeddings", video_embedding=[0.6, 0.7]), 1),
        (_first("clip_embeddings", video_embedding=[math.nan, 1.0]), 1),
        (_first("clip_embeddings", caption_embedding=[1.0]), 1),
        (_first("clip_embeddings", caption_embedding=None), 1),
    ],
    "umt_scores__cosine_range": [(_first("umt_scores", umt_score=score), 1) for score in (1.1, -1.1, math.nan, None)]
    + [(_first("umt_scores", frame_scores=[0.3, 1.2]), 1)],
    "umt_scores__one_per_captioned_clip": [
        (_without_last("umt_scores"), 1),
        (_first("umt_scores", umt_score=None, error="out_of_memory"), 1),
    ],
    "umt_scores__captions_fit_their_clips": [
        (lambda rows: _many_scores(rows, z_score=1.9), 1),
        (lambda rows: _many_scores(rows, z_score=3.9, model="sample-world/clip@1"), 1),
        (lambda rows: _many_scores(rows, z_score=4.1, model="sample-world/clip@1"), 0),
        (lambda rows: _many_scores(rows, z_score=2.6, deviation=0.25, model="sample-world/clip@1"), 1),
        (lambda rows: _many_scores(rows, z_score=2.8, deviation=0.25, model="sample-world/clip@1"), 0),
        (lambda rows: _many_scores(rows, z_score=2.6, model="umt@1"), 0),
    ],
    "shuffled_scores__own_captions_win": [
        (lambda rows: _many_pairs(rows, wins=6), 1),
        (lambda rows: _many_pairs(rows, wins=7), 0),
    ],
    "shuffled_scores__finite": [
        (_first("shuffled_scores", shuffled_score=math.nan), 1),
        (_first("shuffled_scores", own_score=None), 1),
    ],
    "caption_languages__english": [
        (lambda rows: _many_languages(rows, other=2), 1),
        (lambda rows: _many_languages(rows, other=1), 0),
    ],
    "safety_scores__largest_of_frames": [
        (_first("safety_scores", nsfw=0.2), 1),
        (_first("safety_scores", text_area=None), 1),
        (_second("safety_scores", text_area=math.nan), 1),
        (_second("safety_scores", nsfw=None, nsfw_of_frames=None), 0),
    ],
    "aesthetic_scores__max_of_frames": [
        (_first("aesthetic_scores", aesthetic_score=3.5), 1),
        (_first("aesthetic_scores", aesthetic_score=None), 1),
        (_first("aesthetic_scores", aesthetic_score=math.nan), 1),
        (_first("aesthetic_scores", frame_scores=[]), 1),
    ],
    "aesthetic_scores__one_per_kept_clip": [(_without_last("aesthetic_scores"), 1)],
    "internvid_10m_div__one_of_equal_videos": [(lambda rows: _choose_all(rows, content="same"), 1)],
    "caption_verbs__occur_in_caption": [(_first("caption_verbs", verbs=["rises", "sinks"]), 1)],
}
"""Check -> ways to break its promise, each with the number of rows it must then list."""


def _each(listed: list[dict], **columns: object) -> None:
    for row in listed:
        row.update(columns)


def _many_scores(rows: Rows, *, z_score: float, model: str = "umt@1", deviation: float = 0.1) -> None:
    reference = {"reference_mean": 0.2, "reference_deviation": deviation, "model": model}
    score = {"umt_score": 0.2 + deviation * z_score, **reference}
    rows["umt_scores"][:] = [{"clip_id": f"c{i}", "category": "sports", **score} for i in range(10)]


def _many_pairs(rows: Rows, *, wins: int) -> None:
    pair = {"category": "sports", "shuffled_score": 0.2}
    rows["shuffled_scores"][:] = [pair | {"clip_id": f"c{i}", "own_score": 0.3 if i < wins else 0.1} for i in range(10)]


def _many_languages(rows: Rows, *, other: int) -> None:
    told = {"category": "sports", "probability": 0.95}
    rows["caption_languages"][:] = [
        told | {"clip_id": f"c{i}", "language": "fr" if i < other else "en"} for i in range(20)
    ]


def _choose_all(rows: Rows, *, content: str) -> None:
    _each(rows["clips"], content_hash=content)
    rows["internvid_10m_div"] = [{"clip_id": clip["clip_id"], "category": clip["category"]} for clip in rows["clips"]]


def _many_captions(rows: Rows, table: str = "fused_captions", *, same: int, of: int = 21) -> None:
    captions = ["a ball"] * same + [f"ball {i}" for i in range(of - same)]
    rows[table][:] = [
        {"clip_id": f"c{i}", "category": "sports", "caption": caption} for i, caption in enumerate(captions)
    ]


def _examples() -> Iterator[object]:
    for name, breaks in BREAKS.items():
        for i, (break_it, count) in enumerate(breaks):
            yield pytest.param(name, break_it, count, id=f"{name}-{i}")


@pytest.fixture
def offenders(tmp_path: Path, write_table: Callable) -> Callable[[str, Rows], list[tuple]]:
    def run(check: str, rows: Rows) -> list[tuple]:
        file, files_of = sql_file("checks", check), {}
        for table in file.tables() & rows.keys():
            path = tmp_path / f"{table}.parquet"
            write_table(path, table, rows[table])
            files_of[table] = [path]
        return run_select(file, files_of).rows()

    return run


def test_every_check_has_an_example_that_fails():
    assert {file.name for file in sql_files("checks")} == set(BREAKS)


@pytest.mark.parametrize("check", BREAKS)
def test_the_good_lake_passes(check: str, rows: Rows, offenders):
    assert offenders(check, rows) == []


@pytest.mark.parametrize("check", BREAKS)
def test_empty_tables_pass(check: str):
    assert run_select(sql_file("checks", check), {}).is_empty()


@pytest.mark.parametrize(("check", "break_it", "count"), list(_examples()))
def test_a_broken_promise_is_found(check: str, break_it: Callable[[Rows], object], count: int, rows: Rows, offenders):
    break_it(rows)
    assert len(offenders(check, rows)) == count


def test_one_caption_on_half_of_the_clips_is_no_alarm(rows: Rows, offenders):
    _many_captions(rows, same=10)
    assert offenders("fused_captions__not_all_the_same", rows) == []


@pytest.mark.parametrize("check", BREAKS)
def test_failed_calls_break_no_promise_but_that_of_completeness(check: str, rows: Rows, offenders):
    """A failure is data: each table's rows become failures, with null payloads, and every blocking check passes."""
    table = sql_file("checks", check).checked_table()
    if sql_file("checks", check).severity == "warn" or "error" not in column_types(table):
        return
    keys = {*schema_class(table).primary_key(), "category", "video_id", "source_uri", "attempts"}
    payload = [name for name in column_types(table) if name not in keys | {"recipe", "input_hash"}]
    _each(rows[table], **dict.fromkeys(payload) | {"error": "timeout"})
    assert offenders(check, rows) == []


@pytest.mark.parametrize("file", sql_files("checks"), ids=lambda file: file.name)
def test_a_check_is_named_after_a_table_it_reads(file):
    assert file.checked_table() in file.tables()
