"""Verbs that the shipped tagger finds in captions it was not trained on, and which tagger that is."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from internvid_assets.language.tagged_captions import gerund, participle, third_person, training_sentences
from internvid_assets.language.train_tagger import save, train
from internvid_assets.language.verbs import (
    NLTK_NAME,
    OUR_FOLDER,
    find_verbs,
    nltk_folders,
    tagger_identity,
    verb_phrases,
)
from internvid_assets.sample_world.scenes import ACTIONS, FLICKER_ACTION, STILL_ACTION, clip_caption, random_scene


@pytest.fixture
def no_nltk_data(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("internvid_assets.language.verbs.nltk_folders", list)


@pytest.mark.parametrize(
    ("caption", "verbs"),
    [
        ("a woman is cutting vegetables in a kitchen", ["is", "cutting"]),
        ("two dogs are chasing a cat through the garden", ["are", "chasing"]),
        ("A man rides a bicycle down the hill.", ["rides"]),
        ("People cheering at a football match", ["cheering"]),
        ("a person is unloading boxes from a van", ["is", "unloading"]),
        ("a chef sprinkles cheese on the pizza and bakes it", ["sprinkles", "bakes"]),
        ("a group of soldiers marching in a parade while a band plays", ["marching", "plays"]),
        ("a child was bitten by a dog", ["was", "bitten"]),
        ("a man is kneading dough, then he bakes bread", ["is", "kneading", "bakes"]),
        ("a tractor plows the field", ["plows"]),
        ("the building on the left", []),
        ("a swimming pool near a red house", []),
        ("a close up of a flower", []),
        ("3 - 1 = 2 %", []),
        ("", []),
    ],
)
def test_verbs_of_captions_it_never_saw(no_nltk_data, caption: str, verbs: list[str]):
    assert caption.lower().split() not in [[word for word, _ in s] for s in training_sentences(seed=7)]
    assert find_verbs([caption]) == [verbs]


@pytest.mark.parametrize("action", [*ACTIONS, STILL_ACTION, FLICKER_ACTION])
def test_the_worlds_verbs_are_exactly_its_actions(no_nltk_data, action: str):
    rng = np.random.default_rng(12345)
    captions = [clip_caption(random_scene(rng, action=action)) for _ in range(10)]
    assert find_verbs(captions) == [[action.split()[0]]] * 10


@pytest.mark.parametrize("action", [*ACTIONS, FLICKER_ACTION])
def test_the_worlds_verb_phrases_are_its_actions(no_nltk_data, action: str):
    rng = np.random.default_rng(54321)
    captions = [clip_caption(random_scene(rng, action=action)) for _ in range(10)]
    assert verb_phrases(captions) == [action] * 10


@pytest.mark.parametrize(
    ("caption", "phrase"),
    [
        ("A woman is cutting vegetables in a kitchen", "cutting"),
        ("a chef sprinkles cheese on the pizza and bakes it", "sprinkles bakes"),
        ("the building on the left", ""),
        ("", ""),
    ],
)
def test_verb_phrases_of_captions_it_never_saw(no_nltk_data, caption: str, phrase: str):
    assert verb_phrases([caption]) == [phrase]


def test_training_twice_gives_the_same_bytes(tmp_path: Path):
    for name in ("one", "two"):
        save(train(training_sentences(seed=1, world=20, everyday=50), iterations=2), tmp_path / name)
    first, second = ([p.read_bytes() for p in sorted((tmp_path / n).iterdir())] for n in ("one", "two"))
    assert first == second


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("walk", ("walks", "walking", "walked")),
        ("carry", ("carries", "carrying", "carried")),
        ("play", ("plays", "playing", "played")),
        ("stir", ("stirs", "stirring", "stirred")),
        ("lie", ("lies", "lying", "lied")),
        ("ride", ("rides", "riding", "ridden")),
        ("wash", ("washes", "washing", "washed")),
    ],
)
def test_forms_of_verbs(verb: str, forms: tuple[str, str, str]):
    assert (third_person(verb), gerund(verb), participle(verb)) == forms


def test_nltks_own_weights_are_preferred_where_they_are_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Any weights in NLTK's place are used: here some that have learnt two words only, and call both verbs."""
    ours = tagger_identity()
    save(train([[("ball", "VB"), ("red", "VB")]]), tmp_path / "taggers" / NLTK_NAME)
    monkeypatch.setenv("NLTK_DATA", str(tmp_path))
    name, revision = tagger_identity()
    assert name == "nltk averaged_perceptron_tagger_eng"
    assert revision != ours[1]
    assert find_verbs(["red ball"]) == [["red", "ball"]]
    monkeypatch.delenv("NLTK_DATA")
    assert tagger_identity() == ours


def test_weights_are_read_from_the_archive_nltk_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "taggers").mkdir()
    with zipfile.ZipFile(tmp_path / "taggers" / f"{NLTK_NAME}.zip", "w") as archive:
        for path in OUR_FOLDER.glob("*.json"):
            archive.write(path, f"{NLTK_NAME}/{path.name}")
    monkeypatch.setenv("NLTK_DATA", str(tmp_path))
    assert tagger_identity()[0] == "nltk averaged_perceptron_tagger_eng"
    assert find_verbs(["a man rides a horse"]) == [["rides"]]


def test_the_folders_are_those_nltk_searches(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NLTK_DATA", "/one:~/two")
    told = subprocess.run(
        [sys.executable, "-c", "import nltk.data; print(*nltk.data.path, sep='\\n')"],
        capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    assert [str(folder) for folder in nltk_folders()] == told[:-1]


def test_the_identity_costs_no_import_of_nltk():
    code = "import sys; from internvid_assets.language.verbs import tagger_identity; tagger_identity(); "
    subprocess.run([sys.executable, "-c", code + "sys.exit('nltk' in sys.modules)"], check=True)


def test_the_shipped_weights_are_small():
    assert sum(path.stat().st_size for path in OUR_FOLDER.glob("*.json")) < 300_000


def test_nltks_own_loader_reads_our_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """So a user may as well use them with NLTK alone."""
    shutil.copytree(OUR_FOLDER, tmp_path / "taggers" / NLTK_NAME)
    monkeypatch.setenv("NLTK_DATA", str(tmp_path))
    code = "import nltk; print(nltk.pos_tag(['a', 'man', 'rides', 'a', 'horse'])[2])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "('rides', 'VBZ')"
