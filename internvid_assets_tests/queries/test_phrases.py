"""Phrases of captions: found by tags or by a language model, and judged before they are believed."""

from __future__ import annotations

import pytest

from internvid_assets.cells.errors import CallError, UserError
from internvid_assets.models.instructed import InstructedPhrases, InstructedTranslator, language_name
from internvid_assets.models.loaded import Models
from internvid_assets.models.profiles import PROMPTS, model_specs
from internvid_assets.models.protocols import Answer
from internvid_assets.models.tagged_phrases import TaggedPhrases
from internvid_assets.queries.phrases import judged_phrases

CAPTION = "A man in a red shirt is throwing a ball while two children feed the ducks."


@pytest.mark.parametrize(
    ("caption", "phrases"),
    [
        ("a woman is cutting vegetables in a kitchen", ["cut vegetables"]),
        ("A man rides a bicycle down the hill.", ["ride bicycle"]),
        ("a man is kneading dough, then he bakes bread", ["knead dough", "bake bread"]),
        ("a child was bitten by a dog", []),
        ("a red ball moves left", []),
        ("", []),
    ],
)
def test_a_tagger_finds_verbs_with_their_objects(caption: str, phrases: list[str]) -> None:
    assert TaggedPhrases().phrases([caption]) == [phrases]


def judged(*answers: str, caption: str = CAPTION, max_phrases: int = 4) -> list[tuple]:
    rows = judged_phrases(answers, caption, max_phrases=max_phrases, max_words=6)
    assert [row["position"] for row in rows] == list(range(len(answers)))
    return [(row["phrase"], row["rejection_reason"]) for row in rows]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("throw a ball", ("throw a ball", None)),
        ("1. Feeding the ducks", ("feeding the ducks", None)),
        ("- fed ducks", ("fed ducks", None)),
        ("red shirt", ("red shirt", "no_verb")),
        ("ducks", ("ducks", "no_object")),
        ("throw it away", ("throw it away", "no_object")),
        ("kick a ball", ("kick a ball", "not_in_caption")),
        ("feed swans", ("feed swans", "not_in_caption")),
        ("throw a red ball at the two ducks", ("throw a red ball at the two ducks", "too_long")),
        ("!!!", ("!!!", "no_verb")),
    ],
)
def test_each_rule_has_its_reason(answer: str, expected: tuple) -> None:
    assert judged(answer) == [expected]


def test_repetitions_and_what_is_beyond_the_limit_are_kept_with_their_reason() -> None:
    found = judged("throw a ball", "throwing balls", "feed ducks", max_phrases=1)
    assert [reason for _, reason in found] == [None, "repeated", "over_limit"]


class Answering:
    """A language model with answers of its own, which remembers what it was asked."""

    def __init__(self, *answers: str | CallError) -> None:
        self.answers = [Answer(answer) if isinstance(answer, str) else answer for answer in answers]
        self.prompts: list[str] = []

    def generate(self, prompts, *, max_new_tokens=60):
        self.prompts += prompts
        return iter([{position: answer} for position, answer in enumerate(self.answers)])


def test_an_instructed_model_answers_between_semicolons_or_on_lines() -> None:
    lost = CallError("timed_out", "no answer in time", retryable=True)
    model = Answering("throw a ball; feed ducks", "- run\n\n- jump", lost)
    template = (PROMPTS / "phrase_extractor.txt").read_text()
    found = InstructedPhrases(model, template).phrases([CAPTION, "{caption}", "x"])
    assert found == [["throw a ball", "feed ducks"], ["- run", "- jump"], lost]
    assert CAPTION in model.prompts[0] and model.prompts[1].count("{caption}") == 1


def test_a_translator_is_told_the_language() -> None:
    model = Answering("Schach spielen", "jouer aux échecs")
    template = (PROMPTS / "translator.txt").read_text()
    texts = InstructedTranslator(model, template).translate(["play chess"] * 2, ["de", "fr"])
    assert texts == ["Schach spielen", "jouer aux échecs"]
    assert "to German" in model.prompts[0] and model.prompts[1].endswith("French:")
    with pytest.raises(UserError, match="unknown language code 'xx'"):
        language_name("xx")


def test_the_sample_profile_says_that_it_cannot_translate() -> None:
    models = Models(model_specs("sample"))
    assert isinstance(models.phrase_extractor, TaggedPhrases)
    with pytest.raises(UserError, match=r"set models\.translator\.name"):
        _ = models.translator


def test_a_named_model_takes_the_taggers_place() -> None:
    """The shipped language model stands for a real one: its weights are shared, its answers are judged like any."""
    weights = model_specs("sample")["language_model"].source
    models = Models(model_specs("sample", {"phrase_extractor": {"name": weights}, "translator": {"name": weights}}))
    assert models.specs["phrase_extractor"].identity != models.specs["language_model"].identity
    (answer,) = models.phrase_extractor.phrases([CAPTION])
    assert all(isinstance(phrase, str) for phrase in answer)
    assert models.phrase_extractor.model is models.translator.model is models.language_model
