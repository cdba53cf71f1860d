"""What a profile cannot do, said when it is asked for."""

from __future__ import annotations

from typing import NoReturn

from internvid_assets.cells.errors import UserError


def no_translator(source: str, revision: str) -> NoReturn:
    """The sample profile's language model knows the sample world's English only."""
    raise UserError(
        "queries.languages asks for translations, and profile sample has no model that translates: set "
        "models.translator.name to one that does, word the queries in a label file with a column language, or set "
        "profile to paper"
    )


def no_frame_scorer(source: str, revision: str) -> NoReturn:
    """No profile comes with one: `safety_scores` has no rows, or nulls, until the settings name a model."""
    raise UserError("the profile has no such scorer of pictures: set models.nsfw.name, or models.text_area.name")


def no_text_encoder(source: str, revision: str) -> NoReturn:
    """The sample profile has no model for texts alone."""
    raise UserError(
        "semantic_pool.encoder is text_encoder, and profile sample has none: set models.text_encoder.name to a BERT, "
        "set semantic_pool.encoder to embedder, or set profile to paper"
    )


def no_transcriber(source: str, revision: str) -> NoReturn:
    """The sample profile has no model that hears."""
    raise UserError(
        "profile sample has no model that recognises speech: set models.transcriber.name to a Whisper, or set profile "
        "to paper"
    )


def no_encoders(source: str, revision: str) -> NoReturn:
    """Profile server can caption before anybody has chosen what embeds and scores."""
    raise UserError(
        "server.encoders is none, so nobody embeds, scores or hears: set it to paper for InternVid's models, which run "
        "on this machine, or to sample for the sample world's"
    )
