"""Profiles name models without loading anything, and every revision is pinned."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from internvid_assets.cells.errors import UserError
from internvid_assets.models.loaded import Models
from internvid_assets.models.profiles import PROFILES, SAMPLE_WEIGHTS, model_specs
from internvid_assets.models.specs import CAPABILITIES, files_revision, resolve

PIN = "0123456789abcdef0123456789abcdef01234567"
OTHER_PIN = PIN[::-1]


SERVER = {"name": "tiny-vl", "revision": "spring"}


@pytest.fixture
def head(tmp_path):
    """Beside it UMT and its words: what no hub has."""
    for name in ("sa_0_4_vit_l_14_linear.pth", "l16_25m.pth", "vocab.txt"):
        (tmp_path / name).write_bytes(b"weights")
    return str(tmp_path / "sa_0_4_vit_l_14_linear.pth")


def paper(head, **overrides):
    folder = Path(head).parent
    umt = {"name": str(folder / "l16_25m.pth"), "tokenizer": str(folder)}
    told = {"language_model": {"revision": PIN}, "aesthetics": {"head": head}, "similarity": umt}
    return model_specs("paper", told | overrides)


def test_choosing_a_profile_loads_no_heavy_module():
    code = (
        "import sys\n"
        "from internvid_assets.models.loaded import Models\nfrom internvid_assets.models.profiles import model_specs\n"
        "Models(model_specs('sample'))\n"
        "print([name for name in ('torch', 'transformers', 'tokenizers') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_a_profile_has_a_spec_for_every_capability(head):
    assert set(PROFILES) == {"sample", "paper", "server"}
    for specs in (model_specs("sample"), paper(head), model_specs("server", {"server": SERVER})):
        assert set(specs) == set(CAPABILITIES)
        assert all(spec.revision not in ("", "main") for spec in specs.values())


def test_an_identity_holds_no_place_of_this_machine(head):
    for spec in [*model_specs("sample").values(), *paper(head).values()]:
        text = " ".join(spec.identity)
        assert str(SAMPLE_WEIGHTS) not in text and str(Path(head).parent) not in text


def test_capabilities_that_share_a_model_have_equal_specs():
    """What makes the process load it once."""
    specs = model_specs("sample")
    assert specs["captioner"] == specs["frame_captioner"]
    assert specs["embedder"] != specs["similarity"]


def test_an_unpinned_hub_model_names_the_setting(head):
    with pytest.raises(UserError, match=r"models\.language_model\.revision is not set"):
        model_specs("paper", {"aesthetics": {"head": head}})
    with pytest.raises(UserError, match=r"models\.captioner\.revision is not set: someone/else"):
        paper(head, captioner={"name": "someone/else"})
    with pytest.raises(UserError, match=r"models\.captioner\.revision is main"):
        paper(head, captioner={"revision": "main"})


def test_settings_override_name_and_revision(head):
    specs = paper(head, captioner={"name": "someone/else", "revision": PIN})
    assert specs["captioner"].identity == ("someone/else", PIN)
    assert paper(head, captioner={"revision": PIN})["captioner"].revision == PIN


def test_similarity_is_umt_in_paper_and_asks_for_its_files(head, tmp_path):
    spec = paper(head)["similarity"]
    assert spec.name == "l16_25m" and spec.loader.endswith(":load_umt_similarity")
    with pytest.raises(UserError, match=r"models\.similarity\.name is not set: expected a multi-modal UMT"):
        paper(head, similarity={})
    with pytest.raises(UserError, match=r"models\.similarity\.tokenizer is not set: expected a folder with the vocab"):
        paper(head, similarity={"name": str(tmp_path / "l16_25m.pth")})
    (tmp_path / "vocab.txt").write_bytes(b"other words")
    files_revision.cache_clear()
    assert paper(head)["similarity"].revision != spec.revision


def test_another_similarity_is_chosen_by_its_adapter(head):
    clip = paper(head, similarity={"adapter": "clip"})["similarity"]
    assert clip.name == "openai/clip-vit-large-patch14" and clip.loader.endswith(":load_similarity")
    one_frame = model_specs("sample", {"similarity": {"adapter": "clip_score"}})["similarity"]
    assert one_frame.loader.endswith(":load_clip_score")
    assert one_frame.identity != model_specs("sample")["similarity"].identity
    with pytest.raises(UserError, match="adapter is 'faster_whisper': expected one of umt, clip, clip_score"):
        model_specs("sample", {"similarity": {"adapter": "faster_whisper"}})


def test_an_aesthetic_scorer_needs_a_head_and_hashes_it(head, tmp_path):
    first = paper(head)["aesthetics"].revision
    (tmp_path / "other.pth").write_bytes(b"other weights")
    assert paper(str(tmp_path / "other.pth"))["aesthetics"].revision != first
    with pytest.raises(UserError, match=r"models\.aesthetics\.head is not set"):
        model_specs("paper", {"language_model": {"revision": PIN}})


def test_a_folder_is_pinned_by_its_content(tmp_path):
    def revision() -> str:
        files_revision.cache_clear()
        return resolve("embedder", {"embedder": {"name": str(tmp_path)}}, name="x", loader="m:f").revision

    with pytest.raises(UserError, match=r"no config\.json"):
        revision()
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"one")
    before = revision()
    assert revision() == before
    (tmp_path / "model.safetensors").write_bytes(b"two")
    assert revision() != before


@pytest.mark.parametrize("name", ["/no/such/folder", "./blip", "~/no-such-models/blip", "models/of/mine"])
def test_a_folder_that_is_not_there_is_no_hub_id(name):
    with pytest.raises(UserError, match=f"models.captioner.name is {name}: no such folder"):
        model_specs("sample", {"captioner": {"name": name, "revision": "1"}})


def test_an_unknown_profile_lists_the_known(head):
    with pytest.raises(UserError, match="expected one of sample, paper, server"):
        model_specs("papper")


def test_what_nobody_answers_says_so(head):
    """`has` for those that can do without; asking all the same names the setting."""
    sample, whole = Models(model_specs("sample")), Models(paper(head))
    frame_scorers = ["nsfw", "text_area"]
    assert {name for name in CAPABILITIES if not sample.has(name)} == {
        *["translator", "text_encoder", "transcriber"],
        *frame_scorers,
    }
    assert [name for name in CAPABILITIES if not whole.has(name)] == frame_scorers
    with pytest.raises(UserError, match=r"set models\.nsfw\.name"):
        _ = whole.nsfw
    with pytest.raises(UserError, match=r"set models\.transcriber\.name"):
        _ = sample.transcriber


def test_what_a_profile_leaves_to_nobody_can_be_set(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    chosen = {name: {"name": str(tmp_path)} for name in ("transcriber", "translator", "nsfw", "text_area")}
    specs = model_specs("sample", chosen)
    assert specs["nsfw"].loader.endswith(":load_nsfw") and specs["text_area"].loader.endswith(":load_text_detector")
    assert specs["transcriber"].loader.endswith(":load_whisper") and specs["translator"].name == tmp_path.name
    chosen = {"transcriber": {"name": str(tmp_path), "adapter": "faster_whisper"}}
    assert model_specs("sample", chosen)["transcriber"].loader.endswith(":load_faster_whisper")
    assert model_specs("sample", {"transcriber": {"adapter": "faster_whisper"}}) == model_specs("sample")


def test_the_summariser_translates_unless_another_model_is_named(head):
    specs = paper(head)
    name, revision = specs["translator"].identity
    prompt = revision.removeprefix(f"{PIN}+")
    assert (name, revision) == (specs["language_model"].name, f"{PIN}+{prompt}")
    chosen = paper(head, translator={"name": "google/flan-t5-xxl", "revision": OTHER_PIN})["translator"]
    assert chosen.identity == ("google/flan-t5-xxl", f"{OTHER_PIN}+{prompt}")
    with pytest.raises(UserError, match=r"models\.transcriber\.revision is not set: openai/whisper-small"):
        paper(head, transcriber={"name": "openai/whisper-small"})


def server(**overrides):
    return model_specs("server", {"server": SERVER, **overrides})


def test_a_server_is_identified_by_what_changes_its_answers():
    first = server()["captioner"].identity
    assert first[0] == "tiny-vl" and first[1].startswith("spring+"), "the prompt counts"
    alike = {"base_url": "https://elsewhere.example/v1/", "requests_at_once": 3, "api_key_variable": "MY_KEY"}
    assert server(server={**SERVER, **alike})["captioner"].identity == first
    for other in ({"revision": "summer"}, {"options": {"seed": 1}}):
        assert server(server={**SERVER, **other})["captioner"].identity != first


@pytest.mark.parametrize("missing", ["name", "revision"])
def test_a_server_without_a_model_or_a_revision_names_the_setting(missing):
    with pytest.raises(UserError, match=rf"set server\.{missing}, or models\.captioner\.server\.{missing}"):
        server(server={**SERVER, missing: ""})


def test_one_capability_may_be_asked_elsewhere():
    specs = server(language_model={"server": {"base_url": "http://127.0.0.1:1/v1", "name": "big", "revision": "2"}})
    assert specs["language_model"].identity == ("big", "2")
    assert specs["language_model"].source == "http://127.0.0.1:1/v1" != specs["captioner"].source
    with pytest.raises(UserError, match=r"needs a revision for big"):
        server(language_model={"name": "big"})


def test_a_server_is_asked_for_words_and_nobody_or_another_profile_for_the_rest(head):
    assert not Models(server()).has("embedder")
    with pytest.raises(UserError, match=r"server\.encoders is none"):
        _ = Models(server()).embedder
    sample, own = model_specs("sample"), server(server={**SERVER, "encoders": "sample"})
    assert all(own[capability] == sample[capability] for capability in ("embedder", "aesthetics", "similarity"))
    scorers = {"aesthetics": {"head": head}, "similarity": {"adapter": "clip"}}
    whole = server(server={**SERVER, "encoders": "paper"}, **scorers)
    assert whole["embedder"] == paper(head)["embedder"] and whole["language_model"].name == "tiny-vl"


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "http://me:secret@host/v1", "https://host/v1?key=secret"])
def test_an_address_is_one_and_holds_no_secret(url):
    from internvid_assets.settings import load_settings

    with pytest.raises(UserError, match=r"server\.base_url"):
        load_settings([f"server.base_url={url}"])
