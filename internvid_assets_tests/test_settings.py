"""internvid.toml, INTERNVID_… and --set: who wins, what is refused, and that the file tells the truth."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from internvid_assets.cells.errors import UserError
from internvid_assets.clips import assets as clips_assets
from internvid_assets.clips.splitters import SPLITTERS
from internvid_assets.parameters import NotInRecipe, Parameters, SplitterName
from internvid_assets.settings import Settings, load_settings, origin

SHIPPED = (Path(__file__).parents[1] / "internvid.toml").read_text(encoding="utf-8")
EXAMPLES = {"models", "subsets", "lake_url"}
"""Shown with an example, since they have no default that could be written."""
OF_THE_MACHINE = {"workers"}


@pytest.fixture(autouse=True)
def no_settings_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import os

    for name in os.environ:
        if name.startswith("INTERNVID_"):
            monkeypatch.delenv(name)
    file = tmp_path / "internvid.toml"
    file.touch()
    monkeypatch.setenv("INTERNVID_SETTINGS", str(file))
    return file


@pytest.fixture
def file(no_settings_from_outside: Path) -> Path:
    return no_settings_from_outside


def commented(text: str) -> dict[str, Any]:
    """The file with its commented-out settings in force: prose stays out, `# key = value` and `# [table]` come in."""
    lines = [re.sub(r"^# (?=[a-z_0-9]+ = |\[)", "", line) for line in text.splitlines()]
    return tomllib.loads("\n".join(line for line in lines if not line.startswith("#")))


def defaults() -> dict[str, Any]:
    """Every setting's default, sections as dicts."""
    told = {}
    for name, field in Settings.model_fields.items():
        value = field.get_default(call_default_factory=True)
        told[name] = value.model_dump() if isinstance(value, BaseModel) else value
    return told


def test_the_file_as_shipped_changes_nothing(file: Path):
    file.write_text(SHIPPED)
    assert load_settings() == load_settings().model_copy()
    shipped = load_settings()
    file.write_text("")
    assert shipped == load_settings()


def test_what_is_commented_out_are_the_defaults(file: Path):
    told = commented(SHIPPED)
    for name, value in defaults().items():
        if name in OF_THE_MACHINE | EXAMPLES:
            assert name in told, f"{name} is not in internvid.toml"
        elif isinstance(value, dict):
            documented = told[name]
            assert documented == {key: value[key] for key in documented}, name
        else:
            assert told[name] == (str(value) if isinstance(value, Path) else value), name


def test_every_parameter_is_in_the_file():
    told = commented(SHIPPED)
    missing = [
        f"{name}.{key}"
        for name, value in defaults().items()
        if isinstance(value, dict) and name not in EXAMPLES
        for key in value
        if key not in told.get(name, {})
    ]
    assert missing == []


def test_what_is_in_no_recipe_is_marked_in_the_file():
    """`(not in the recipe)` stands beside exactly those that are in no recipe."""
    section, marked = "", set()
    for line in SHIPPED.splitlines():
        section = line.strip("[]") if line.startswith("[") else section
        if "(not in the recipe)" in line and " = " in line:
            marked.add(f"{section}.{line.removeprefix('# ').split(' = ')[0]}")
    judged = {
        f"{name}.{key}"
        for name, section in Settings.model_fields.items()
        if isinstance(parameters := section.get_default(call_default_factory=True), Parameters)
        for key, field in type(parameters).model_fields.items()
        if NotInRecipe in field.metadata
    }
    assert marked == judged


def test_set_wins_over_the_environment_which_wins_over_the_file(file: Path, monkeypatch: pytest.MonkeyPatch):
    assert (load_settings().clips.threshold, origin("clips", "threshold")) == (27.0, "default")
    file.write_text("[clips]\nthreshold = 28\n")
    assert (load_settings().clips.threshold, origin("clips", "threshold")) == (28.0, "internvid.toml")
    monkeypatch.setenv("INTERNVID_CLIPS__THRESHOLD", "29")
    assert (load_settings().clips.threshold, origin("clips", "threshold")) == (29.0, "INTERNVID_CLIPS__THRESHOLD")
    overrides = ["clips.threshold=30"]
    assert load_settings(overrides).clips.threshold == 30.0
    assert origin("clips", "threshold", overrides) == "--set"


def test_one_source_does_not_hide_what_another_says_of_the_same_section(file: Path, monkeypatch: pytest.MonkeyPatch):
    file.write_text("[videos]\nmin_duration_seconds = 5\n")
    monkeypatch.setenv("INTERNVID_VIDEOS__MAX_DURATION_SECONDS", "60")
    videos = load_settings(["videos.min_short_side_pixels=240"]).videos
    assert (videos.min_duration_seconds, videos.max_duration_seconds, videos.min_short_side_pixels) == (5, 60, 240)


SET = [
    ("videos.min_duration_seconds=1", ("videos", "min_duration_seconds"), 1.0),
    ("videos.max_duration_seconds=1e3", ("videos", "max_duration_seconds"), 1000.0),
    (" videos.min_short_side_pixels = 0 ", ("videos", "min_short_side_pixels"), 0),
    ("profile=paper", ("profile",), "paper"),
    ("memory_limit=512MiB", ("memory_limit",), "512MiB"),
    ('profile="paper"', ("profile",), "paper"),
]


@pytest.mark.parametrize(("text", "path", "expected"), SET)
def test_set_takes_toml_or_plain_text(text, path, expected):
    value: Any = load_settings([text])
    for name in path:
        value = getattr(value, name)
    assert value == expected


def test_set_reaches_models_and_subsets():
    settings = load_settings(["models.captioner.name=/m", "subsets.internvid_aesthetics_18m.min_aesthetic_score=5.5"])
    assert settings.models["captioner"].name == "/m"
    assert settings.subsets["internvid_aesthetics_18m"].model_dump() == {"min_aesthetic_score": 5.5}


REFUSED = [
    ("clips.treshold=3", "unknown setting clips.treshold; expected one of: .*threshold"),
    ("clip.threshold=3", "unknown setting clip; expected one of: .*clips"),
    ("clips.threshold=0", "clips.threshold = 0"),
    ("workers=0", "workers = 0"),
    ("memory_limit=much", "memory_limit = 'much'"),
    ("clips=3", "clips = 3"),
    ("clips.threshold", "expected section.key=value"),
    ("=3", "expected section.key=value"),
    ("models.captioner.size=3", "unknown setting models.captioner.size"),
    ("models.caption.name=blip", "models.caption.*Input should be 'captioner'"),
    ("models.captioner.adapter=umt", "models.captioner.adapter is 'umt': expected one of transformers, instructed"),
    ("models.embedder.adapter=clip", "models.embedder.adapter is 'clip': there is only one: remove it"),
    ("models.similarity.adapter=transformers", "models.similarity.adapter .* expected one of umt, clip, clip_score"),
    (
        "models.captioner.head=head.pth",
        "models.captioner.head is set but has no effect: it is for models.aesthetics",
    ),
    ("models.captioner.tokenizer=words", "models.captioner.tokenizer is set but has no effect"),
    ("models.embedder.server.name=clip", "models.embedder.server is set but .* in profile server; remove it"),
]


@pytest.mark.parametrize(("text", "told"), REFUSED)
def test_what_does_not_fit_is_refused_on_one_line(text, told):
    with pytest.raises(UserError, match=told) as refused:
        load_settings([text])
    assert "\n" not in str(refused.value)


READ = [
    ["models.similarity.tokenizer=words"],
    ["models.similarity.adapter=umt", "models.similarity.tokenizer=words"],
    ["models.frame_captioner.adapter=tag2text", "models.frame_captioner.tokenizer=words"],
    ["models.aesthetics.head=head.pth"],
    ["models.transcriber.adapter=faster_whisper"],
    ["models.summariser.server.name=a-model"],
]


@pytest.mark.parametrize("told", READ, ids=" ".join)
@pytest.mark.parametrize("profile", ["sample", "paper", "server"])
def test_what_one_profile_reads_may_stand_there_for_all(told, profile):
    assert load_settings([*told, f"profile={profile}"]).models


def test_a_models_file_lies_beside_the_settings(file: Path):
    """As every other file that settings name: in whatever folder below a command runs, it is the same model."""
    (file.parent / "head.pth").touch()
    (file.parent / "blip").mkdir()
    told = ["models.aesthetics.head=head.pth", "models.captioner.name=blip", "models.embedder.name=openai/clip"]
    chosen = load_settings(told).model_overrides()
    assert chosen["aesthetics"]["head"] == str(file.parent / "head.pth")
    assert chosen["captioner"]["name"] == str(file.parent / "blip")
    assert chosen["embedder"]["name"] == "openai/clip"
    asked = load_settings([*told, "profile=server"]).model_overrides()
    assert asked["captioner"]["name"] == "blip", "as the endpoint calls it"


def test_a_home_is_relative_to_the_file(file: Path, monkeypatch: pytest.MonkeyPatch):
    assert load_settings().home == file.parent / "data"
    file.write_text('home = "../elsewhere"\n')
    assert load_settings().home == file.parent.parent / "elsewhere"
    monkeypatch.setenv("INTERNVID_HOME", "/srv/internvid")
    assert load_settings().home == Path("/srv/internvid")


def test_thresholds_and_bounds_are_in_no_recipe():
    assert set(load_settings().videos.of_recipe()) == {"max_pixels"}
    assert set(load_settings().clips.of_recipe()) == {"splitter", "threshold", "min_scene_length_frames"}


def test_a_splitter_has_its_own_threshold():
    settings = load_settings(["clips.splitter=pyscenedetect_adaptive", "clips.threshold=30"])
    assert settings.clips.of_recipe()["threshold"] == 3.0
    assert load_settings(["clips.threshold=30"]).clips.of_recipe()["threshold"] == 30.0
    assert set(get_args(SplitterName)) == set(SPLITTERS)


@pytest.mark.parametrize("feature", [clips_assets.clips, clips_assets.clip_frames], ids=lambda feature: feature.name)
def test_a_higher_limit_of_pixels_asks_anew_what_exceeded_it(feature):
    default, higher = load_settings(), load_settings(["videos.max_pixels=100000000"])
    assert feature.recipe(default, {}).hash != feature.recipe(higher, {}).hash


@pytest.mark.parametrize("content", [b"\xff\xfe[\0", b"\xef\xbb\xbfhome = 'x'\n"])
def test_a_file_in_another_encoding_is_told(file: Path, content: bytes):
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"is not valid TOML: .*; expected UTF-8 without a byte-order mark"):
        load_settings()


def test_a_file_that_was_named_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With a typo in the name, other models and thresholds would be in force without a word."""
    for path in (tmp_path / "missing.toml", tmp_path):
        monkeypatch.setenv("INTERNVID_SETTINGS", str(path))
        with pytest.raises(UserError, match=f"INTERNVID_SETTINGS is {path}, which is not a file"):
            load_settings()


def test_duckdb_needs_some_memory():
    with pytest.raises(UserError, match=r"memory_limit = '1KB'.*expected at least 50MB"):
        load_settings(["memory_limit=1KB"])


def test_the_nearest_file_above_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As git and ruff do it: a command in a folder below finds the same settings, and so the same home."""
    monkeypatch.delenv("INTERNVID_SETTINGS")
    (tmp_path / "internvid.toml").write_text("[clips]\nthreshold = 28\n")
    below = tmp_path / "one" / "two"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert load_settings().clips.threshold == 28
    assert load_settings().home == tmp_path / "data"
    (below / "internvid.toml").write_text("[clips]\nthreshold = 29\n")
    assert load_settings().clips.threshold == 29
    assert load_settings().home == below / "data"
