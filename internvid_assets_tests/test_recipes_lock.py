"""recipes.lock: code that makes rows changes only together with a statement about what that does to the rows."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from internvid_assets.cells.feature import Feature
from internvid_assets.cells.recipes import Blessed, _code_of, read_lock
from internvid_assets.definitions import features
from internvid_assets.models.adapters import ADAPTERS_OF
from internvid_assets.models.profiles import spec_finders
from internvid_assets.models.specs import CAPABILITIES, Capability, Overrides
from internvid_assets.settings import load_settings

FEATURES = {feature.name: feature for _, feature in features()}


def unblessed(features: Iterable[Feature], lock: Mapping[str, Blessed]) -> list[str]:
    """A line for every asset whose code is not the code that its line of the lock stands for."""
    told = []
    for feature in features:
        line, now = lock.get(feature.name), Blessed(feature.version, feature.code_hash())
        if line is None:
            told.append(f"{feature.name} has no line in recipes.lock: internvid recipes bless {feature.name}")
        elif line.version != now.version:
            told.append(f"{feature.name} is version {now.version} now: internvid recipes bless {feature.name}")
        elif line != now:
            told.append(
                f"the code of {feature.name} ({', '.join(feature.code)}) changed. Its results change: raise its "
                f"version in assets.py, then `internvid recipes bless {feature.name}`, and every row is computed anew. "
                f"They do not: only `internvid recipes bless {feature.name}`"
            )
    return told


def test_every_asset_is_blessed_as_it_is():
    assert unblessed(FEATURES.values(), read_lock()) == []


def test_the_lock_holds_the_assets_and_nothing_else():
    assert set(read_lock()) == set(FEATURES)


@pytest.fixture
def cutting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A feature whose code is a copy of the cutter's module, and a function that replaces text in the copy."""
    source = Path(sys.modules["internvid_assets"].__path__[0], "clips", "cuts.py").read_text()
    module = tmp_path / "a_copy_of_cuts.py"
    module.write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    feature = replace(FEATURES["clips"], code=("a_copy_of_cuts",))

    def change(old: str, new: str) -> None:
        assert old in source
        module.write_text(source.replace(old, new))
        _code_of.cache_clear()

    yield feature, {"clips": Blessed(feature.version, feature.code_hash())}, change
    _code_of.cache_clear()


def test_changed_code_is_noticed_with_both_ways_out(cutting):
    feature, lock, change = cutting
    assert unblessed([feature], lock) == []
    change("return", "yield")
    (told,) = unblessed([feature], lock)
    assert "raise its version" in told and "recipes bless clips" in told and "a_copy_of_cuts" in told


def test_each_way_out_works(cutting):
    feature, lock, change = cutting
    change("return", "yield")
    raised = replace(feature, version="next")
    assert "is version next now" in unblessed([raised], lock)[0]
    assert unblessed([raised], {"clips": Blessed(raised.version, raised.code_hash())}) == []
    assert unblessed([feature], {"clips": Blessed(feature.version, feature.code_hash())}) == []


def test_comments_and_layout_are_no_change(cutting):
    feature, lock, change = cutting
    change(
        "from __future__ import annotations\n",
        "# why\n\nfrom __future__ import (annotations)\n".replace("(annotations)", "annotations"),
    )
    assert unblessed([feature], lock) == []


def test_a_new_asset_must_be_blessed():
    assert unblessed([FEATURES["clips"]], {}) == ["clips has no line in recipes.lock: internvid recipes bless clips"]


ADAPTERS = "internvid_assets.models."
MAKE_NO_ANSWER = {f"{ADAPTERS}{name}" for name in ("protocols", "specs", "endpoint")}
"""Types, and names of models: what a name stands for is in the recipe itself."""
REFUSES = f"{ADAPTERS}absent"
"""Loaders that only say what is missing."""


def imported_adapters(module: str) -> set[str]:
    """The module, and what it imports of the adapters' package, and so on."""
    nodes = ast.walk(ast.parse(Path(str(find_spec(module).origin)).read_text(encoding="utf-8")))
    named = {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    beside = {name for name in named if name.startswith(ADAPTERS)} - MAKE_NO_ANSWER
    return {module}.union(*map(imported_adapters, beside))


def test_an_adapters_imports_are_followed():
    modules = imported_adapters(f"{ADAPTERS}transformers_aesthetics")
    names = ("transformers_aesthetics", "transformers_clip", "transformers_loading", "batching")
    assert modules == {f"{ADAPTERS}{name}" for name in names}


def choices(folder: Path) -> Iterator[tuple[str, Overrides, tuple[Capability, ...]]]:
    """(profile, `[models.*]`, capabilities to look at): every profile with models of its own, with models that settings
    name, and every adapter that they can choose."""
    weights, words = folder / "weights.pth", folder / "words"
    words.mkdir()
    for file in (weights, words / "vocab.txt", words / "vocab.json"):
        file.touch()
    of_hub, of_files = {"name": "someone/model", "revision": "0" * 40}, {"name": str(weights), "tokenizer": str(words)}
    head = {"aesthetics": {"head": str(weights)}}
    named = dict.fromkeys(CAPABILITIES, of_hub) | {"similarity": {"adapter": "clip", **of_hub}}
    yield "sample", {}, CAPABILITIES
    yield "sample", {**named, "aesthetics": of_hub}, CAPABILITIES
    yield "paper", {"language_model": of_hub, "similarity": of_files, **head}, CAPABILITIES
    yield "paper", {**named, **head}, CAPABILITIES
    yield "server", {"server": {"name": "a model", "revision": "1"}}, CAPABILITIES
    for capability, adapters in ADAPTERS_OF.items():
        for name, adapter in adapters.items():
            chosen = of_files if adapter.reads_tokenizer else of_hub
            yield "sample", {capability: {"adapter": name, **chosen}}, (capability,)


@pytest.fixture(scope="module")
def loaders(tmp_path_factory: pytest.TempPathFactory) -> dict[Capability, set[str]]:
    """By capability, `module:function` of every adapter that any settings can make answer it."""
    found: dict[Capability, set[str]] = {capability: set() for capability in CAPABILITIES}
    for profile, overrides, capabilities in choices(tmp_path_factory.mktemp("models")):
        finders = spec_finders(profile, overrides)
        for capability in capabilities:
            found[capability].add(finders[capability]().loader)
    return found


def test_every_loader_of_the_package_is_looked_at(loaders: dict[Capability, set[str]]):
    """So that a new adapter is missed neither here nor in the test after this one."""
    folder = Path(str(find_spec(ADAPTERS.rstrip(".")).origin)).parent
    named = {name for file in folder.glob("*.py") for name in re.findall(r"\b\w+:load_\w+", file.read_text("utf-8"))}
    reached = set().union(*loaders.values())
    assert named and {name for name in named if not any(loader.endswith(f".{name}") for loader in reached)} == set()


EVERYTHING_ON = load_settings(["clips.stitching=true"])
"""Settings under which every asset asks each model it may ask."""


@pytest.mark.parametrize("asset", [name for name, one in FEATURES.items() if one.capabilities(EVERYTHING_ON)])
def test_an_assets_code_holds_every_adapter_that_may_answer_it(asset: str, loaders: dict[Capability, set[str]]):
    """Whatever profile and adapters are chosen, with every module of ours that they stand on."""
    answering = set().union(*(loaders[capability] for capability in FEATURES[asset].capabilities(EVERYTHING_ON)))
    modules = {loader.partition(":")[0] for loader in answering} - {REFUSES}
    assert set().union(*map(imported_adapters, modules)) - set(FEATURES[asset].code) == set()


def test_an_assets_code_holds_what_its_work_calls():
    """What the rows are made with is in the hash: the module of the work, and those named beside it."""
    for feature in FEATURES.values():
        assert feature.work.__module__ in feature.code
