"""The whole stage on sample-world videos: subtitles against the truth, and one without subtitles through a Whisper."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from tiny_whisper import one_thread, save_tiny_whisper
from voices import voice, with_sound

from internvid_assets.cli.runs import QUIET
from internvid_assets.definitions import build_defs
from internvid_assets.home import Home
from internvid_assets.sample_world.plans import VideoPlan, plan_video
from internvid_assets.sample_world.subtitles import sentence
from internvid_assets.sample_world.world import render
from internvid_assets.settings import Settings
from internvid_assets.videos.sources import add_source

SEED, CATEGORY = 184, "music"
READ, UNREAD = (1, 2), 3
"""Videos of the world: in Chinese, in English, and without subtitles."""
SELECTION = "+key:transcripts"

pytestmark = pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")


@pytest.fixture(scope="module")
def plans() -> dict[str, VideoPlan]:
    found = (plan_video(SEED, index) for index in (*READ, UNREAD))
    return {plan.video_id: plan for plan in found}


@pytest.fixture(scope="module")
def world(plans: dict[str, VideoPlan], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The videos with their sidecars in one folder; the one without subtitles once more, with a voice for sound."""
    rendered, world = tmp_path_factory.mktemp("rendered"), tmp_path_factory.mktemp("world")
    for plan in plans.values():
        render(plan, rendered)
        for file in (rendered / plan.category).glob(f"{plan.video_id}.*"):
            shutil.move(file, world / file.name)
    (silent,) = (plan for plan in plans.values() if not plan.has_subtitles)
    with_sound(world / silent.file_name, voice(4.0), world / f"voice.{silent.container}")
    return world


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with one_thread():
        yield save_tiny_whisper(tmp_path_factory.mktemp("models") / "tiny-whisper")


def materialise(home: Home) -> dict[str, dict[str, Any]]:
    """Run the stage and what is before it; what each materialisation shows."""
    defs = build_defs(home)
    keys = dg.AssetSelection.from_string(SELECTION).resolve(defs.resolve_asset_graph())
    job = defs.resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        run = job.execute_in_process(
            instance=instance, asset_selection=sorted(keys), partition_key=CATEGORY, run_config=QUIET
        )
    assert run.success and [one.check_name for one in run.get_asset_check_evaluations() if not one.passed] == []
    made = (event.materialization for event in run.get_asset_materialization_events())
    return {one.asset_key.to_user_string(): {k: v.value for k, v in one.metadata.items()} for one in made}


def table(home: Home, name: str) -> pl.DataFrame:
    return home.lake.scan(name, CATEGORY).collect()


@pytest.fixture(scope="module")
def home(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Everything made under the shipped settings: nobody listens."""
    home = Home(Settings(home=tmp_path_factory.mktemp("home")))
    add_source(home.path, world, CATEGORY)
    materialise(home)
    return home


@pytest.fixture(scope="module")
def heard(home: Home, whisper: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A copy of the home in which a Whisper listens."""
    path = Path(shutil.copytree(home.path, tmp_path_factory.mktemp("heard") / "home"))
    home = Home(Settings.model_validate({"home": path, "models": {"transcriber": {"name": str(whisper)}}}))
    shown = materialise(home)
    assert shown["speech_cues"]["calls_made"] == 2
    assert {name: shown[name]["calls_made"] for name in ("videos", "clips", "subtitle_cues")} == {
        "videos": 0,
        "clips": 0,
        "subtitle_cues": 0,
    }
    return home


def spoken_truth(plan: VideoPlan, clip: dict[str, Any], language: Any) -> Iterator[str]:
    """The sentences of the shots whose middle lies in the clip: a faint cut leaves two shots in one clip."""
    for shot in plan.shots:
        middle = (plan.seconds(shot.start_frame) + plan.seconds(shot.end_frame)) / 2
        if clip["start_seconds"] <= middle < clip["end_seconds"]:
            yield sentence(shot.scene, language)


def test_the_transcript_of_a_clip_is_what_its_subtitles_say(home: Home, plans: dict[str, VideoPlan]):
    rows = table(home, "transcripts").join(table(home, "clips"), on="clip_id").sort("clip_id").to_dicts()
    read = [row for row in rows if plans.get(row["video_id"]) and plans[row["video_id"]].has_subtitles]
    assert len(read) == 8 and {row["language"] for row in read} == {"en", "zh"}
    for row in read:
        plan = plans[row["video_id"]]
        between = "" if plan.language == "zh" else " "
        assert row["text"] == between.join(spoken_truth(plan, row, plan.language))
        assert row["text_english"] == " ".join(spoken_truth(plan, row, "en"))
        assert (row["language"], row["origin"]) == (plan.language, "subtitle")
        assert row["subtitle_languages"] == ["en", "fr", "zh"]


def test_where_nobody_listens_clips_without_subtitles_have_rows_without_text(home: Home):
    rows = table(home, "transcripts").filter(pl.col("subtitle_languages").list.len() == 0)
    assert rows.height == 6
    assert rows.select("text", "language", "origin", "text_english").unique().rows() == [(None, None, None, None)]
    assert table(home, "speech_cues").is_empty()


def test_a_voice_is_heard_and_a_tone_is_not(heard: Home):
    """Sample-world videos sound of tones: no model is asked about them, so it makes nothing up."""
    cues = table(heard, "speech_cues")
    assert set(cues["video_id"]) == set(
        table(heard, "videos").filter(pl.col("source_uri").str.contains("voice"))["video_id"]
    )
    assert set(cues["origin"]) == {"speech_recognition"}
    assert cues["language"].n_unique() == 1 and cues["language"][0] in ("en", "zh", "de", "fr")
    assert cues["start_seconds"].min() >= 0 and cues["end_seconds"].max() <= 4.5
    clips = table(heard, "clips").select("clip_id", "start_seconds")
    rows = table(heard, "transcripts").filter(pl.col("origin") == "speech_recognition").join(clips, on="clip_id")
    assert rows.height >= 1 and set(rows["language"]) == set(cues["language"])
    told = "".join(cues.sort("cue")["words"].explode().to_list()).split()
    assert " ".join(rows.sort("start_seconds")["text"]).split() == told


def with_other_files(home: Home, world: Path, to: Path, **models: dict[str, str]) -> Home:
    """A copy of a home, calls and all, whose videos lie in another world."""
    path = Path(shutil.copytree(home.path, to))
    (path / "sources.toml").unlink()
    add_source(path, world, CATEGORY)
    return Home(Settings.model_validate({"home": path, "models": models}))


def test_broken_subtitles_are_a_row_with_a_reason_and_the_video_is_listened_to(
    heard: Home, world: Path, whisper: Path, tmp_path: Path
):
    copied = Path(shutil.copytree(world, tmp_path / "world"))
    voiced = next(copied.glob("voice.*"))
    voiced.with_suffix(".en.vtt").write_text("WEBVTT\n")
    home = with_other_files(heard, copied, tmp_path / "home", transcriber={"name": str(whisper)})
    shown = materialise(home)
    (broken,) = table(home, "subtitle_cues").filter(pl.col("error").is_not_null()).to_dicts()
    assert (broken["error"], broken["cue"], broken["text"]) == ("subtitles_empty", 0, None)
    assert shown["speech_cues"]["calls_made"] == 0, "the same bytes were listened to before"
    assert table(home, "speech_cues").height == table(heard, "speech_cues").height


@pytest.mark.parametrize("has_translator", [False, True])
def test_what_has_no_english_subtitles_is_translated_by_a_model_or_by_nobody(
    has_translator: bool, home: Home, world: Path, tmp_path: Path
):
    """Only a configured translator is asked: the sample profile's language model would make something up."""
    copied = Path(shutil.copytree(world, tmp_path / "world"))
    for file in copied.glob("*.en.vtt"):
        file.unlink()
    translator = {"translator": {"name": str(sample_language_model())}} if has_translator else {}
    other = with_other_files(home, copied, tmp_path / "home", **translator)
    materialise(other)
    chinese = table(other, "transcripts").filter(pl.col("language") == "zh")["text_english"]
    assert len(chinese) == 3 and chinese.null_count() == (0 if has_translator else 3)
    silent = table(other, "transcripts").filter(pl.col("text").is_null())["text_english"]
    assert len(silent) == silent.null_count() == 6


def sample_language_model() -> Path:
    from internvid_assets.models.profiles import SAMPLE_WEIGHTS

    return SAMPLE_WEIGHTS / "language_model"


def test_a_second_run_reads_and_hears_nothing(heard: Home):
    shown = materialise(heard)
    assert {name: shown[name]["calls_made"] for name in ("subtitle_cues", "speech_cues", "transcripts")} == {
        "subtitle_cues": 0,
        "speech_cues": 0,
        "transcripts": 0,
    }
    assert json.loads(shown["speech_cues"]["recipe"])["models"][0][0] == "tiny-whisper"
