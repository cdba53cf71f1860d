"""Tagged captions to train our tagger: from the sample world's grammar, everyday templates, and a few by hand.

Tags are those of the Penn Treebank, as in NLTK's own tagger.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from internvid_assets.sample_world.scenes import (
    ACTIONS,
    BACKGROUND_COLOURS,
    FLICKER_ACTION,
    SIZES,
    STILL_ACTION,
    clip_caption,
    frame_caption,
    random_scene,
)
from internvid_assets.sample_world.shapes import OBJECTS
from internvid_assets.sample_world.textures import BACKGROUNDS

Sentence = list[tuple[str, str]]

FOLDER = Path(__file__).parent / "tagger"
BY_HAND = [line.split() for line in (FOLDER / "by_hand.txt").read_text(encoding="utf-8").splitlines()]
"""Tokens such as `dog/NN`."""
WORDS: dict[str, list[str]] = tomllib.loads((FOLDER / "words.toml").read_text(encoding="utf-8"))

IRREGULAR_PARTICIPLES = {
    "break": "broken", "bring": "brought", "build": "built", "catch": "caught", "cut": "cut", "draw": "drawn",
    "drive": "driven", "eat": "eaten", "feed": "fed", "fly": "flown", "give": "given", "hang": "hung", "hit": "hit",
    "hold": "held", "lay": "laid", "light": "lit", "make": "made", "put": "put", "ride": "ridden", "shake": "shaken",
    "show": "shown", "spread": "spread", "take": "taken", "teach": "taught", "tear": "torn", "throw": "thrown",
    "wear": "worn", "write": "written",
}  # fmt: skip


PASSIVE = ([("is", "VBZ")], [("was", "VBD")], [("is", "VBZ"), ("being", "VBG")])


def training_sentences(*, seed: int, world: int = 700, everyday: int = 5000) -> list[Sentence]:
    """Training sentences, deterministic for a seed."""
    rng = random.Random(seed)
    by_hand = [_parse(tokens) for tokens in BY_HAND]
    sentences = [*world_captions(seed, world), *(everyday_caption(rng) for _ in range(everyday)), *by_hand * 3]
    rng.shuffle(sentences)
    return sentences


def world_captions(seed: int, count: int) -> Iterator[Sentence]:
    """Captions of random scenes, tagged with the world's own vocabulary."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        action = (STILL_ACTION, FLICKER_ACTION)[i // 5 % 2] if i % 5 == 0 else None
        scene = random_scene(rng, action=action)
        caption = clip_caption(scene) if i % 2 else frame_caption(scene, float(rng.uniform(0, scene.duration_seconds)))
        yield tag_world_caption(caption)


def tag_world_caption(caption: str) -> Sentence:
    """Each word of the world has one tag, except `left` and `right` (moves left: adverb; on the left: noun)."""
    words = caption.split()
    return [(word, _world_tag(word, before)) for word, before in zip(words, ["", *words], strict=False)]


def _world_tag(word: str, before: str) -> str:
    if before in _WORLD_VERBS:
        return "RB" if word in ("left", "right", "still") else "IN"
    return _WORLD_TAGS[word]


_WORLD_VERBS = {action.split()[0] for action in (*ACTIONS, STILL_ACTION, FLICKER_ACTION)}
_WORLD_TAGS = {
    **dict.fromkeys((*SIZES, *BACKGROUND_COLOURS, *BACKGROUNDS, "tilted", "empty"), "JJ"),
    **dict.fromkeys((*OBJECTS, "background", "left", "right", "middle", "top", "bottom"), "NN"),
    **dict.fromkeys(("a", "an", "the"), "DT"),
    **dict.fromkeys(("on", "in", "at", "of"), "IN"),
    **dict.fromkeys(_WORLD_VERBS, "VBZ"),
}


def everyday_caption(rng: random.Random) -> Sentence:
    """One caption from a template, such as "a young woman is washing a dog near the lake"."""
    verb, other, noun = rng.choice(WORDS["verbs"]), rng.choice(WORDS["verbs"]), _phrase(rng)
    many = [(rng.choice(["two", "three", "several", "some"]), "CD"), (plural(rng.choice(WORDS["nouns"])), "NNS")]
    where, thing, adverb = _where(rng), _phrase(rng), [(rng.choice(WORDS["adverbs"]), "RB")]
    and_, to = [("and", "CC")], [("to", "TO")]
    ing, s, base = [(gerund(verb), "VBG")], [(third_person(verb), "VBZ")], [(verb, "VBP")]
    templates = [
        [*noun, ("is", "VBZ"), *ing, *thing, *where],
        [*noun, ("is", "VBZ"), *ing, *where, *and_, (gerund(other), "VBG"), *thing],
        [*noun, *ing, *thing, *where],
        [*noun, *s, *thing, *where],
        [*noun, *s, *adverb, *where, *and_, (third_person(other), "VBZ"), *thing],
        [*noun, *s, *thing, (",", ","), ("then", "RB"), ("he", "PRP"), (third_person(other), "VBZ"), *_phrase(rng)],
        [*noun, *s, *where, *and_, ("then", "RB"), (third_person(other), "VBZ"), *thing],
        [*noun, ("is", "VBZ"), *ing, *thing, (",", ","), *many, ("are", "VBP"), (gerund(other), "VBG")],
        [*many, ("are", "VBP"), *ing, *adverb, *where],
        [*many, *base, *thing, *and_, (other, "VBP")],
        [*noun, ("uses", "VBZ"), *thing, *to, (verb, "VB"), *_phrase(rng)],
        [*noun, *where, *to, (verb, "VB"), *thing],
        [*noun, *rng.choice(PASSIVE), (participle(verb), "VBN"), ("by", "IN"), *thing],
        [*noun, ("being", "VBG"), (participle(verb), "VBN"), ("by", "IN"), *thing],
        [*noun, (participle(verb), "VBN"), *where],
        [*noun, ("while", "IN"), *ing, *thing],
        [*many, *ing, *where, ("while", "IN"), *thing, (third_person(other), "VBZ")],
        [*noun, *s],
        [*noun, *where],
        [*noun, *and_, *thing, *where],
        [("a", "DT"), ("close", "JJ"), ("up", "NN"), ("of", "IN"), *noun, *where],
    ]
    return rng.choice(templates) + ([(".", ".")] if rng.random() < 0.2 else [])


def _phrase(rng: random.Random) -> Sentence:
    adjective = [(rng.choice(WORDS["adjectives"]), "JJ")] if rng.random() < 0.5 else []
    compound = [(rng.choice(WORDS["nouns"]), "NN")] if rng.random() < 0.15 else []
    if rng.random() < 0.1:
        return [*adjective, (rng.choice(WORDS["substances"]), "NN")]
    if rng.random() < 0.2:
        return [*adjective, (plural(rng.choice(WORDS["nouns"])), "NNS")]
    return [(rng.choice(["a", "the", "his", "her"]), "DT"), *adjective, *compound, (rng.choice(WORDS["nouns"]), "NN")]


def _where(rng: random.Random) -> Sentence:
    return [(rng.choice(WORDS["prepositions"]), "IN"), *_phrase(rng)] if rng.random() < 0.7 else []


def third_person(verb: str) -> str:
    """walk: walks, wash: washes, carry: carries."""
    if verb.endswith("y") and verb[-2] not in "aeou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "z", "o")) else "s")


def plural(noun: str) -> str:
    """cat: cats, knife: knives, man: men."""
    irregular = {"man": "men", "woman": "women", "child": "children", "person": "people", "knife": "knives"}
    unchanged = {"fish": "fish", "sheep": "sheep"}
    return (irregular | unchanged).get(noun) or third_person(noun)


def gerund(verb: str) -> str:
    """walk: walking, run: running, ride: riding, lie: lying."""
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb in WORDS["doubling"]:
        return verb + verb[-1] + "ing"
    return (verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb) + "ing"


def participle(verb: str) -> str:
    """wash: washed, carry: carried, hold: held."""
    if verb in IRREGULAR_PARTICIPLES:
        return IRREGULAR_PARTICIPLES[verb]
    if verb.endswith("y") and verb[-2] not in "aeou":
        return verb[:-1] + "ied"
    return (verb + verb[-1] if verb in WORDS["doubling"] else verb.removesuffix("e")) + "ed"


def _parse(tokens: list[str]) -> Sentence:
    """From `dog/NN`, `barks/VBZ`."""
    return [(word, tag) for word, _, tag in (token.rpartition("/") for token in tokens)]
