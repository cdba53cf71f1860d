"""What is said during a clip: the words whose middle lies in it."""

from __future__ import annotations

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.feature import schema_of
from internvid_assets.transcripts.choosing import spoken_during, unread


def table(name: str, rows: list[dict]) -> pl.LazyFrame:
    types = schema_of(tables.PER_CATEGORY[name])
    return pl.LazyFrame([{column: row.get(column) for column in types} for row in rows], schema=types)


def clip(video_id: str, start: float, end: float, rejection_reason: str | None = None) -> dict:
    span = {"start_seconds": start, "end_seconds": end, "rejection_reason": rejection_reason}
    return {"clip_id": f"{video_id}_{start:g}_{end:g}", "video_id": video_id, **span}


def cue(video_id: str, number: int, *words: tuple[str, float, float], language: str = "en") -> dict:
    texts, starts, ends = zip(*words, strict=True)
    times = {
        "words": list(texts),
        "word_starts_seconds": [*map(float, starts)],
        "word_ends_seconds": [*map(float, ends)],
    }
    return {"video_id": video_id, "cue": number, "language": language, "origin": "subtitle", **times}


def said(clips: list[dict], cues: list[dict]) -> dict[str, str]:
    rows = spoken_during(table("clips", clips), table("subtitle_cues", cues)).collect()
    return dict(rows.select("clip_id", "text").rows())


def test_a_word_belongs_to_the_clip_that_holds_its_middle():
    clips = [clip("v", 0, 4), clip("v", 4, 8)]
    cues = [cue("v", 0, (" well", 0, 1), (" across", 3.0, 4.9), (" the", 3.1, 4.9), (" cut", 5, 6))]
    assert said(clips, cues) == {"v_0_4": "well across", "v_4_8": "the cut"}


def test_the_middle_at_the_cut_belongs_to_the_later_clip_and_at_the_end_to_none():
    assert said([clip("v", 0, 4), clip("v", 4, 8)], [cue("v", 0, (" cut", 3, 5), (" end", 7, 9))]) == {"v_4_8": "cut"}


def test_rejected_clips_and_gaps_take_their_words_with_them():
    clips = [clip("v", 0, 2), clip("v", 2, 4, "still"), clip("v", 6, 8)]
    cues = [cue("v", 0, (" a", 0, 1), (" b", 2, 3), (" c", 4, 5), (" d", 6, 7), (" e", 8, 9))]
    assert said(clips, cues) == {"v_0_2": "a", "v_6_8": "d"}


def test_videos_do_not_hear_one_another():
    clips = [clip("v", 0, 9), clip("w", 0, 9)]
    cues = [cue("v", 0, (" mine", 1, 2)), cue("x", 0, (" nobody's", 1, 2))]
    assert said(clips, cues) == {"v_0_9": "mine"}


def test_cues_follow_one_another_and_scripts_keep_their_spaces():
    clips = [clip("v", 0, 9), clip("w", 0, 9)]
    cues = [
        cue("v", 1, (" two", 3, 4)),
        cue("v", 0, (" one", 1, 2), (" and", 2, 2.5)),
        cue("w", 0, ("球", 1, 2), ("落。", 2, 3), language="zh"),
        cue("w", 1, ("球", 4, 5), ("转。", 5, 6), language="zh"),
    ]
    assert said(clips, cues) == {"v_0_9": "one and two", "w_0_9": "球落。球转。"}


def test_words_spoken_at_once_stay_in_their_sentences():
    cues = [cue("v", 0, (" I", 1, 2), (" see", 3, 4)), cue("v", 1, (" you", 1.5, 2.5), (" do?", 3.5, 4.5))]
    assert said([clip("v", 0, 9)], cues) == {"v_0_9": "I see you do?"}


def test_words_keep_the_order_of_their_cue_whatever_their_times():
    assert said([clip("v", 0, 9)], [cue("v", 0, (" first", 5, 6), (" second", 3, 4))]) == {"v_0_9": "first second"}


def test_language_and_origin_come_along():
    rows = spoken_during(
        table("clips", [clip("v", 0, 9)]), table("subtitle_cues", [cue("v", 0, (" oui", 1, 2), language="fr")])
    )
    assert rows.collect().select("language", "origin").rows() == [("fr", "subtitle")]
    assert spoken_during(table("clips", []), table("subtitle_cues", [])).collect().is_empty()


def test_who_must_be_listened_to():
    videos = [
        {"video_id": "without_subtitles", "has_audio": True},
        {"video_id": "silent", "has_audio": False},
        {"video_id": "read", "has_audio": True},
        {"video_id": "broken_subtitles", "has_audio": True},
        {"video_id": "only_english_read", "has_audio": True},
        {"video_id": "rejected", "has_audio": True, "rejection_reason": "too_short"},
        {"video_id": "sound_of_its_own", "has_audio": False},
    ]
    cues = [
        {"video_id": "read", "is_transcript": True},
        {"video_id": "broken_subtitles", "is_transcript": True, "error": "subtitles_empty"},
        {"video_id": "only_english_read", "is_transcript": True, "error": "subtitles_empty"},
        {"video_id": "only_english_read", "is_transcript": False},
    ]
    acquired = [{"video_id": "sound_of_its_own", "audio_uri": "media/music/sound_of_its_own.audio.m4a"}]
    left = unread(table("videos", videos), table("acquired_videos", acquired), table("subtitle_cues", cues)).collect()
    assert left["video_id"].to_list() == [
        "without_subtitles",
        "broken_subtitles",
        "only_english_read",
        "sound_of_its_own",
    ]
    assert left["audio_uri"].to_list() == [None, None, None, "media/music/sound_of_its_own.audio.m4a"]
