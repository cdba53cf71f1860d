"""A lake small enough to check by eye: two eligible videos of two categories, and what became of them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from internvid_assets import tables
from internvid_assets.cells.lake import file_name
from internvid_assets.selects.files import SqlFile, column_types, sql_file, sql_files
from internvid_assets.selects.running import run_select

Rows = dict[str, list[dict]]
CALL = {"attempts": 1, "recipe": "r", "input_hash": "i"}


def _video(video_id: str, category: str, **columns: object) -> dict:
    measured = {
        "content_hash": f"bytes of {video_id}",
        "duration_seconds": 10.0,
        "width_pixels": 640,
        "height_pixels": 360,
        "frame_rate_fps": 25.0,
    }
    return {"video_id": video_id, "category": category, "source_uri": f"file:///{video_id}.mp4", **measured, **columns}


def _clip(video_id: str, category: str, start: int, end: int, **columns: object) -> dict:
    """A clip in whole seconds; the video's ticks are milliseconds."""
    return {
        "clip_id": f"{video_id}_{start}_{end}",
        "video_id": video_id,
        "category": category,
        "content_hash": f"bytes of {video_id}",
        "start_pts": start * 1000,
        "end_pts": end * 1000,
        "time_base": "1/1000",
        "start_seconds": float(start),
        "end_seconds": float(end),
        "duration_seconds": float(end - start),
        "frame_count": (end - start) * 25,
        **columns,
    }


def _query(key: str, **columns: object) -> dict:
    row = {"lemma_key": key, "language": "en", "query": key, "kind": "label", "sources": [], "missing_languages": []}
    return row | columns


def _frames(clip: dict) -> list[dict]:
    """The centre, one frame a second, and 4 uniform ones, as rows of a clip of 4 seconds or more."""
    start, end = clip["start_pts"], clip["end_pts"]
    seconds = {t: i for i, t in enumerate(range(start + 500, end, 1000))}
    uniform = {start + (2 * i + 1) * (end - start) // 8: i for i in range(4)}
    center = (start + end) // 2
    return [
        {
            "clip_id": clip["clip_id"],
            "pts": pts,
            "video_id": clip["video_id"],
            "category": clip["category"],
            "is_center": pts == center,
            "second": seconds.get(pts),
            "uniform_4": uniform.get(pts),
        }
        for pts in sorted({*seconds, *uniform, center})
    ]


def _cue(video_id: str, category: str, cue: int, start: float, words: list[str], **columns: object) -> dict:
    """A cue of half a second per word."""
    starts = [start + 0.5 * i for i in range(len(words))]
    return {
        "video_id": video_id,
        "category": category,
        "cue": cue,
        "start_seconds": start,
        "end_seconds": start + 0.5 * len(words),
        "text": "".join(words).strip(),
        "words": words,
        "word_starts_seconds": starts,
        "word_ends_seconds": [begin + 0.5 for begin in starts],
        **columns,
    }


def _sequence(form: str, video_ids: list[str], clips: list[dict], captions: list[str]) -> dict:
    """Each clip with four pictures, and its caption behind it."""
    items = []
    for clip, caption in zip(clips, captions, strict=True):
        own = {name: clip[name] for name in ("clip_id", "video_id", "category", "start_seconds", "end_seconds")}
        hashes = [f"{clip['clip_id']}/{i}" for i in range(4)]
        items.append({"kind": "clip", **own, "text": None, "frame_hashes": hashes})
        items.append({"kind": "caption", **own, "text": caption, "frame_hashes": None})
    return {
        "format": form,
        "sequence_id": "+".join([*video_ids, "0"]),
        "place": 0,
        "video_ids": video_ids,
        "items": items,
        "clip_count": len(clips),
        "image_count": 4 * len(clips),
        "word_count": 20,
        "token_count": 30,
        "max_images": 128,
        "max_tokens": 2048,
        "left_out_clips": 0,
    }


def good_rows() -> Rows:
    """Everything as it should be."""
    kept = [_clip("v1", "sports", 0, 4), _clip("v1", "sports", 4, 10), _clip("v2", "music", 0, 8)]
    captions = ["a red ball rises", "a blue cross spins slowly", "a man is playing the guitar while people dance"]
    keys = [{"clip_id": clip["clip_id"], "category": clip["category"]} for clip in kept]
    return {
        **_rows_of_queries(),
        **_rows_of_videos(),
        **_rows_of_clips(kept),
        **_rows_of_transcripts(keys),
        **_rows_of_captions(keys, captions, [frame for clip in kept for frame in _frames(clip)]),
        **_rows_of_scores(keys),
        **_rows_of_embeddings(keys),
        **_rows_of_interleaved(kept, captions),
        **_rows_of_evaluation(),
        **_rows_of_analytics(keys),
    }


def _rows_of_queries() -> Rows:
    return {
        "corpus_captions": [{"caption": "a man plays chess", "source": "captions.txt", "line": 1}],
        "caption_phrases": [
            {"caption": "a man plays chess", "position": 0, "source": "captions.txt", "phrase": "play chess"}
        ],
        "action_queries": [
            _query("play chess", sources=["starter", "captions.txt"], missing_languages=["de"]),
            _query("ride bicycle", query="ride a bicycle", sources=["starter"]),
        ],
        "query_translations": [
            {"lemma_key": "play chess", "language": "de", "original": "play chess", "query": "schach spielen"}
        ],
        "known_videos": [
            {
                "dataset": "kinetics_400",
                "purpose": "exclude",
                "video_id": "---QUuC4vJs",
                "file": "k400.csv",
                "line": 2,
                "mentions": 1,
            }
        ],
    }


def _rows_of_videos() -> Rows:
    candidates = [("v1", "sports"), ("v2", "music"), ("short", "sports"), ("broken", "music")]
    return {
        "candidate_videos": [
            {"video_id": video_id, "category": category, "source_uri": f"file:///{video_id}.mp4", "source": "/"}
            for video_id, category in candidates
        ],
        "takedowns": [
            {"video_id": "gone", "content_hash": "", "reason": "asked", "requested_at": "2026-01-01T00:00:00Z"}
        ],
        "acquired_videos": [
            {"video_id": video_id, "category": category, "source_uri": f"file:///{video_id}.mp4"}
            for video_id, category in candidates
        ],
        "videos": [
            _video("v1", "sports"),
            _video("v2", "music"),
            _video("short", "sports", duration_seconds=3.0, rejection_reason="too_short"),
            _video(
                "broken",
                "music",
                duration_seconds=None,
                rejection_reason="unreadable",
                error="unreadable",
                error_message="no moov atom",
            ),
        ],
    }


def _rows_of_clips(kept: list[dict]) -> Rows:
    return {
        "clips": [*kept, _clip("v2", "music", 8, 10, rejection_reason="still")],
        "clip_frames": [frame for clip in kept for frame in _frames(clip)],
    }


def _rows_of_transcripts(keys: list[dict]) -> Rows:
    written = {"language": "fr", "origin": "subtitle", "is_transcript": True}
    heard = {"language": "en", "origin": "speech_recognition"}
    return {
        "subtitle_cues": [
            _cue("v1", "sports", 0, 1.0, [" une", " balle"], **written),
            _cue("v1", "sports", 1, 5.0, [" une", " croix"], **written),
        ],
        "speech_cues": [
            _cue("v2", "music", 0, 2.0, [" people", " dance"], **heard),
            _cue("v2", "music", 1, 4.0, [" all", " night"], **heard),
        ],
        "transcripts": [
            key | {"video_id": video_id, "subtitle_languages": ["fr"] if video_id == "v1" else []} | said
            for key, video_id, said in zip(
                keys,
                ("v1", "v1", "v2"),
                (
                    {"text": "une balle", "language": "fr", "origin": "subtitle", "text_english": "a ball"},
                    {},
                    {"text": "people dance all night", "text_english": "people dance all night", **heard},
                ),
                strict=True,
            )
        ],
    }


def _rows_of_captions(keys: list[dict], captions: list[str], frames: list[dict]) -> Rows:
    captioned = list(zip(keys, captions, strict=True))
    seconds = [frame for frame in frames if frame["second"] is not None]
    keyframes = [key | {"keyframe": number, "pts": 500 + 1000 * number} for key in keys for number in range(2)]
    return {
        "center_captions": [key | {"caption": caption} for key, caption in captioned],
        "frame_captions": [
            {"clip_id": f["clip_id"], "second": f["second"], "category": f["category"], "caption": "a ball"}
            for f in seconds
        ],
        "fused_captions": [key | {"caption": caption} for key, caption in captioned],
        "keyframes": keyframes,
        "keyframe_captions": [
            {name: row[name] for name in ("clip_id", "category", "keyframe")} | {"caption": "a ball rises"}
            for row in keyframes
        ],
        "dense_captions": [key | {"caption": caption} for key, caption in captioned],
    }


def _rows_of_scores(keys: list[dict]) -> Rows:
    return {
        "aesthetic_scores": [
            key | {"aesthetic_score": score, "frame_scores": [score - 1, score], "model": "v1@1"}
            for key, score in zip(keys, (4.5, 6.0, 3.0), strict=True)
        ],
        "umt_scores": [
            key
            | {"umt_score": score, "frame_scores": [score], "reference_mean": 0.1, "reference_deviation": 0.1}
            | {"model": "umt@1"}
            for key, score in zip(keys, (0.3, 0.4, 0.2), strict=True)
        ],
        "clip_scores": [
            key | {"clip_score": score, "model": "clip@1"} for key, score in zip(keys, (0.2, 0.3, 0.1), strict=True)
        ],
        "shuffled_scores": [
            key | {"own_score": own, "shuffled_score": other, "model": "umt@1"}
            for key, own, other in zip(keys, (0.3, 0.4, 0.2), (0.1, 0.2, 0.3), strict=True)
        ],
        "safety_scores": [
            key | {"nsfw": 0.1, "nsfw_of_frames": [0.0, 0.1], "text_area": 0.2, "text_area_of_frames": [0.2, 0.0]}
            for key in keys
        ],
        "caption_languages": [key | {"language": "en", "probability": 0.9} for key in keys],
    }


def _rows_of_embeddings(keys: list[dict]) -> Rows:
    return {
        "clip_embeddings": [key | {"video_embedding": [0.6, 0.8], "caption_embedding": [0.0, -1.0]} for key in keys],
        "near_duplicates": [
            {
                "clip_id": "v1_0_4",
                "video_id": "v1",
                "category": "sports",
                "other_clip_id": "v2_0_8",
                "other_video_id": "v2",
                "other_category": "music",
                "cosine": 0.97,
            }
        ],
        "duplicate_groups": [
            {"clip_id": clip_id, "representative_clip_id": "v1_0_4", "cosine": cosine}
            for clip_id, cosine in (("v1_0_4", 1.0), ("v2_0_8", 0.97))
        ],
        "semantic_pool": [
            keys[0] | {"is_kept": True},
            keys[1] | {"is_kept": True, "nearest_clip_id": "v1_0_4", "cosine": 0.4},
            keys[2] | {"is_kept": False, "nearest_clip_id": "v1_4_10", "cosine": 0.99},
        ],
    }


def _rows_of_interleaved(kept: list[dict], captions: list[str]) -> Rows:
    return {
        "related_videos": [{"video_id": "v1", "other_video_id": "v2", "rank": 1, "cosine": 0.9}],
        "internvid_icl": [
            _sequence("captioned", ["v1"], kept[:2], captions[:2]),
            _sequence("paired", ["v1", "v2"], kept, captions),
        ],
    }


def _rows_of_evaluation() -> Rows:
    return {
        "evaluation_videos": [
            {"task": "actions", "line": 1, "path": "/a.mp4", "text": "falls", "frame_hashes": ["a"]},
            {"task": "actions", "line": 2, "path": "/b.mp4", "text": "rises", "rejection_reason": "no_such_file"},
        ],
        "zero_shot_actions": [
            {"checkpoint": name, "measure": "top_1", "action": "all actions", "value": value, "videos": 8, "actions": 2}
            | {"subset": "internvid_10m_flt", "weights": name}
            for name, value in (("clip", 50.0), ("viclip_checkpoint", 75.0))
        ],
        "linear_probe": [
            {
                "checkpoint": "clip",
                "measure": "top_1",
                "action": "all actions",
                "value": 75.0,
                "videos": 4,
                "actions": 2,
            }
            | {"subset": "internvid_10m_flt", "l2": 0.01, "validation_top_1": 50.0, "training_videos": 12}
            | {"weights": "clip"}
        ],
        "video_text_retrieval": [
            {"checkpoint": "clip", "direction": "text_to_video", "ranking": "plain", "measure": "recall_at_1"}
            | {"subset": "internvid_10m_flt", "value": 50.0, "queries": 8, "candidates": 8, "weights": "clip"}
        ],
    }


def _rows_of_analytics(keys: list[dict]) -> Rows:
    verbs = [["rises"], ["spins"], ["playing", "dance"]]
    return {
        "caption_verbs": [key | {"verbs": found} for key, found in zip(keys, verbs, strict=True)],
        "published_results": [
            {
                "training_data": data,
                "benchmark": "Kinetics-400",
                "measure": "top_1",
                "value": value,
                "subset": subset,
                "source": "InternVid",
            }
            for data, value, subset in (("none", 58.42, None), ("InternVid-10M-FLT", 64.8, "internvid_10m_flt"))
        ],
        "published_statistics": [
            {
                "dataset": "InternVid",
                "measure": "mean_clip_seconds",
                "bucket": "all",
                "value": 11.7,
                "source": "InternVid table 1",
            }
        ],
        "recipe_costs": [
            {
                "table_name": "clips",
                "recipe": "r",
                "is_current": True,
                "calls": 2,
                "failed_calls": 0,
                "rows": 4,
                "seconds": 0.5,
                "calls_per_second": 4.0,
                "first_called_on": date(2026, 1, 1),
                "last_called_on": date(2026, 1, 2),
            }
        ],
    }


@pytest.fixture
def rows() -> Rows:
    return good_rows()


@pytest.fixture
def write_lake(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows as a home's lake, with its subsets and marts, and returns the home."""

    def write(rows: Rows, *, home: Path | None = None) -> Path:
        return _write_lake(home or tmp_path / "home", rows)

    return write


@pytest.fixture(scope="session")
def make_lake(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a home of the good rows with a change to them, for tests that only read it."""

    def make(change: Callable[[Rows], None] = lambda rows: None) -> Path:
        rows = good_rows()
        change(rows)
        return _write_lake(tmp_path_factory.mktemp("home"), rows)

    return make


def _write_lake(home: Path, rows: Rows) -> Path:
    _write_tables(home, rows)
    for file in (*sql_files("subsets"), *sql_files("marts")):
        _write_selected(home, file)
    return home


def _write_tables(home: Path, rows: Rows) -> None:
    for table, listed in rows.items():
        column = tables.partition_column(table)  # a table with one file may have a category, too
        for partition in {row.get(column) for row in listed}:
            own = [row for row in listed if row.get(column) == partition]
            _write_table(home / file_name(table, partition), table, own)
    for file in sql_files("intermediate"):  # from the others, as the graph makes them
        if file.name not in rows:
            _write_pool(home, file)


def _write_pool(home: Path, file: SqlFile) -> None:
    found = _select(home, file)
    by_category = found.partition_by("category") if file.name in tables.PER_CATEGORY else [found]
    for own in by_category:
        path = home / file_name(file.name, own["category"][0] if file.name in tables.PER_CATEGORY else None)
        path.parent.mkdir(parents=True, exist_ok=True)
        own.write_parquet(path)


def _write_selected(home: Path, file: SqlFile) -> None:
    path = home / f"lake/{file.name}/table.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    _select(home, file).write_parquet(path)


def _select(home: Path, file: SqlFile) -> pl.DataFrame:
    return run_select(file, {table: files_of(home, table) for table in file.tables()})


@pytest.fixture(name="write_table")
def write_table_fixture() -> Callable[[Path, str, list[dict]], None]:
    """Writes rows, whose other columns are null, as a table's Parquet file."""
    return _write_table


def _write_table(path: Path, table: str, rows: list[dict]) -> None:
    types = column_types(table)
    unknown = {name for row in rows for name in row} - {*types, *CALL}
    assert not unknown, f"{table} has no columns {unknown}"
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame([{name: (CALL | row).get(name) for name in types} for row in rows], schema=types).write_parquet(path)


def files_of(home: Path, table: str) -> list[Path]:
    return sorted((home / "lake" / table).glob("**/table.parquet"))


@pytest.fixture
def mart(tmp_path: Path) -> Callable[[str, Rows], pl.DataFrame]:
    """Runs one mart on some rows."""

    def run(name: str, rows: Rows) -> pl.DataFrame:
        home, file = tmp_path / "home", sql_file("marts", name)
        _write_tables(home, rows)
        needed = _needed(file)
        for other in (*sql_files("subsets"), *sql_files("marts")):
            if other.name in needed:
                _write_selected(home, other)
        return _select(home, file)

    return run


def _needed(file: SqlFile) -> set[str]:
    """What it reads, and what the marts among that read."""
    marts = {other.name: other for other in sql_files("marts")}
    return set(file.tables()).union(*(_needed(marts[name]) for name in file.tables() & marts.keys()))
